"""Endpoint of a command: the service if a key is set, else a sandbox in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from llmaas.settings import KEY_VARIABLE, Settings


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Address and key of the service or of a sandbox, with a description for users."""

    base_url: str
    api_key: str = field(repr=False)
    is_sandbox: bool
    description: str


@contextmanager
def open_endpoint(
    *, sandbox: bool | None = None, base_url: str | None = None, **sandbox_settings: Any
) -> Iterator[Endpoint]:
    """Open the service, or a sandbox that runs until the block ends.

    ``sandbox`` defaults to True when ``LLMAAS_API_KEY`` is not set; ``sandbox_settings`` are passed
    to ``llmaas_sandbox.Sandbox``. Raises ``ConfigurationError`` if the sandbox is not installed.
    """
    key = os.environ.get(KEY_VARIABLE, "")
    if sandbox is False or (sandbox is None and key):
        address = Settings.create(base_url=base_url).base_url
        yield Endpoint(address, key, False, f"the service at {address}")
        return
    with _sandbox_class()(**sandbox_settings) as box:
        yield Endpoint(box.base_url, box.api_key, True, f"the embedded sandbox at {box.base_url}")


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
