"""Endpoint of a notebook: the service when a key is set, else one sandbox per kernel."""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack

from llmaas.settings import KEY_VARIABLE, URL_VARIABLE
from llmaas_cli.endpoint import Endpoint, open_endpoint

_open = ExitStack()
_sandbox: list[Endpoint] = []


def connect() -> Endpoint:
    """Point every client of this notebook at the endpoint, and print which one it is.

    Without ``LLMAAS_API_KEY``, starts one sandbox and sets the environment variables to it.
    """
    where = current()
    if where.is_sandbox:
        os.environ[KEY_VARIABLE], os.environ[URL_VARIABLE] = where.api_key, where.base_url
    print(describe_endpoint(where))
    return where


def current() -> Endpoint:
    """Return the current endpoint; a key set after the sandbox was started takes precedence."""
    key = os.environ.get(KEY_VARIABLE, "")
    if key and key not in (box.api_key for box in _sandbox):
        with open_endpoint(sandbox=False) as service:
            return service
    if not _sandbox:
        atexit.register(disconnect)
        _sandbox.append(_open.enter_context(open_endpoint(sandbox=True)))
    return _sandbox[0]


def disconnect() -> None:
    """Stop the sandbox, if there is one, and remove it from the environment."""
    for box in _sandbox:
        if os.environ.get(URL_VARIABLE) == box.base_url:
            del os.environ[KEY_VARIABLE], os.environ[URL_VARIABLE]
    _sandbox.clear()
    _open.close()


def describe_endpoint(where: Endpoint) -> str:
    """Describe an endpoint for the reader of a notebook; a sandbox has no useful address."""
    if not where.is_sandbox:
        return f"The service answers: {where.base_url}"
    return (
        "The embedded sandbox answers: extracts of what it is given, figures that are imitations.\n"
        "Set LLMAAS_API_KEY to ask the service."
    )
