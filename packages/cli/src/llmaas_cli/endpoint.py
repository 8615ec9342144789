"""Who answers: the real service when a key is set, else a sandbox inside this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from llmaas.settings import KEY_VARIABLE, Settings


@dataclass(frozen=True, slots=True)
class Backing:
    """An address and a key, and in words what stands behind them."""

    base_url: str
    api_key: str = field(repr=False)
    is_sandbox: bool
    description: str


@contextmanager
def backing(
    *, sandbox: bool | None = None, base_url: str | None = None, **sandbox_settings: Any
) -> Iterator[Backing]:
    """Yield the service, or a sandbox that lives as long as the block.

    ``sandbox`` None decides by ``LLMAAS_API_KEY``; ``sandbox_settings`` (its pace, say) are for
    the sandbox only. ``ConfigurationError`` when a sandbox is needed and not installed.
    """
    key = os.environ.get(KEY_VARIABLE, "")
    if sandbox is False or (sandbox is None and key):
        address = Settings.of(base_url=base_url).base_url
        yield Backing(address, key, False, f"the service at {address}")
        return
    with _sandbox_class()(**sandbox_settings) as box:
        yield Backing(box.base_url, box.api_key, True, f"the embedded sandbox at {box.base_url}")


def _sandbox_class() -> Any:
    try:
        from llmaas_sandbox import Sandbox
    except ModuleNotFoundError as error:
        from llmaas.errors import ConfigurationError

        raise ConfigurationError(
            "No LLMAAS_API_KEY is set, and the sandbox is not installed: set the key, or "
            "`pip install 'llmaas-cli[sandbox]'`"
        ) from error
    return Sandbox
