"""Endpoint of a notebook: the service when a key is set, else one sandbox per kernel."""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack

from llmaas.settings import KEY_VARIABLE, URL_VARIABLE, address_from_environment
from llmaas_cli.endpoint import Endpoint, open_endpoint

_open = ExitStack()
_sandbox: list[Endpoint] = []


def connect() -> Endpoint:
    """Configure the clients of this notebook for the endpoint, and print its description.

    Without ``LLMAAS_API_KEY`` and an address, starts a sandbox and sets the environment variables.
    """
    endpoint = current()
    if endpoint.is_sandbox:
        os.environ[URL_VARIABLE] = endpoint.base_url
    if endpoint.is_sandbox or not endpoint.has_key:
        os.environ[KEY_VARIABLE] = endpoint.api_key
    print(describe_endpoint(endpoint))
    return endpoint


def current() -> Endpoint:
    """Get the endpoint.

    A key or an address that is set after the sandbox was started takes precedence.
    """
    key, address = os.environ.get(KEY_VARIABLE), address_from_environment()
    own = {None, "", *(name for each in _sandbox for name in (each.api_key, each.base_url))}
    if key not in own or address not in own:
        with open_endpoint(sandbox=False) as endpoint:
            return endpoint
    if not _sandbox:
        atexit.register(disconnect)
        _sandbox.append(_open.enter_context(open_endpoint(sandbox=True)))
    return _sandbox[0]


def disconnect() -> None:
    """Stop the sandbox and remove its environment variables."""
    for sandbox in _sandbox:
        if os.environ.get(URL_VARIABLE) == sandbox.base_url:
            del os.environ[KEY_VARIABLE], os.environ[URL_VARIABLE]
    _sandbox.clear()
    _open.close()


def describe_endpoint(endpoint: Endpoint) -> str:
    """Describe an endpoint in a notebook."""
    if not endpoint.is_sandbox:
        return f"Connected to {endpoint.description}"
    return (
        "Connected to the embedded sandbox: answers quote the prompt, amounts are simulated.\n"
        "Set LLMAAS_API_KEY to use the service."
    )
