"""Hooks into the package ``llmaas-cli``: ``%load_ext llmaas`` and ``python -m llmaas``."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Register the ``%llmaas`` magics. Raises ``ImportError`` if ``llmaas-cli`` is missing."""
    import_cli("jupyter.extension", extra="[jupyter]").load_ipython_extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Remove the ``%llmaas`` magics. Raises ``ImportError`` if ``llmaas-cli`` is missing."""
    import_cli("jupyter.extension", extra="[jupyter]").unload_ipython_extension(shell)


def import_cli(module: str, extra: str = "") -> ModuleType:
    """Import a module of ``llmaas_cli``. Raises ``ImportError`` that names what to install."""
    try:
        return import_module(f"llmaas_cli.{module}")
    except ModuleNotFoundError as error:
        if error.name != "llmaas_cli":
            raise
        raise ModuleNotFoundError(
            f"llmaas-cli is not installed. Run `pip install 'llmaas-cli{extra}'`.", name=error.name
        ) from None
