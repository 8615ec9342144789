"""Endpoint of a command: the service if a key or an address is set, else a sandbox here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from llmaas.settings import DEFAULT_BASE_URL, KEY_VARIABLE, Settings, address_from_environment

NO_KEY = "no-key"
"""Sent to an address that is given without a key: local engines require none and ignore it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Address and key of the service or of a sandbox, with a description for users."""

    base_url: str
    api_key: str = field(repr=False)
    is_sandbox: bool
    description: str
    has_key: bool = True
    """Whether ``api_key`` is a key; otherwise it is ``NO_KEY``, or empty for the service."""


@contextmanager
def open_endpoint(
    *, sandbox: bool | None = None, base_url: str | None = None, **sandbox_settings: Any
) -> Iterator[Endpoint]:
    """Open the service, or a sandbox that runs until the block ends.

    ``sandbox`` defaults to True when neither ``LLMAAS_API_KEY`` nor an address is set, by
    ``base_url`` or ``LLMAAS_BASE_URL``; ``sandbox_settings`` are passed to
    ``llmaas_sandbox.Sandbox``. An address other than the service's needs no key. Raises
    ``ConfigurationError`` if the sandbox is not installed.
    """
    key = os.environ.get(KEY_VARIABLE, "")
    is_given = bool(key.strip() or base_url or address_from_environment())
    if sandbox is False or (sandbox is None and is_given):
        yield _find_service(key, base_url)
        return
    with _sandbox_class()(**sandbox_settings) as box:
        yield Endpoint(box.base_url, box.api_key, True, f"the embedded sandbox at {box.base_url}")


def _find_service(key: str, base_url: str | None) -> Endpoint:
    address = Settings.create(base_url=base_url).base_url
    if key.strip():
        return Endpoint(address, key, False, f"the service at {address}")
    placeholder = "" if address == DEFAULT_BASE_URL else NO_KEY
    description = f"the service at {address}, without a key"
    return Endpoint(address, placeholder, False, description, has_key=False)


def _sandbox_class() -> Any:
    try:
        from llmaas_sandbox import Sandbox
    except ModuleNotFoundError as error:
        from llmaas.errors import ConfigurationError

        raise ConfigurationError(
            "LLMAAS_API_KEY is not set, and the sandbox is not installed. Set the key, or run "
            "`pip install 'llmaas-cli[sandbox]'`."
        ) from error
    return Sandbox
