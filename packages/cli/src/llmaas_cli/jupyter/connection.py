"""Who answers in this notebook: the service when a key is set, else one sandbox of the kernel."""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack

from llmaas.settings import KEY_VARIABLE, URL_VARIABLE
from llmaas_cli.endpoint import Backing, backing

_open = ExitStack()
_sandbox: list[Backing] = []


def connect() -> Backing:
    """Say who answers, and let every client of this notebook find it without arguments.

    Without ``LLMAAS_API_KEY`` a sandbox is started, once, and the environment points at it.
    """
    where = current()
    if where.is_sandbox:
        os.environ[KEY_VARIABLE], os.environ[URL_VARIABLE] = where.api_key, where.base_url
    print(who(where))
    return where


def current() -> Backing:
    """Return who answers now; a key that has been set since the sandbox began wins."""
    key = os.environ.get(KEY_VARIABLE, "")
    if key and key not in (box.api_key for box in _sandbox):
        with backing(sandbox=False) as service:
            return service
    if not _sandbox:
        atexit.register(disconnect)
        _sandbox.append(_open.enter_context(backing(sandbox=True)))
    return _sandbox[0]


def disconnect() -> None:
    """Stop the sandbox, if there is one, and take it out of the environment."""
    for box in _sandbox:
        if os.environ.get(URL_VARIABLE) == box.base_url:
            del os.environ[KEY_VARIABLE], os.environ[URL_VARIABLE]
    _sandbox.clear()
    _open.close()


def who(where: Backing) -> str:
    """Return who answers, for the notebook's reader; a sandbox's address tells nothing."""
    if not where.is_sandbox:
        return f"The service answers: {where.base_url}"
    return (
        "The embedded sandbox answers: extracts of what it is given, figures that are imitations.\n"
        "Set LLMAAS_API_KEY to ask the service."
    )
