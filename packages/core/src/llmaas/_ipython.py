"""IPython hooks for ``%load_ext llmaas``: the magics are in the package ``llmaas-cli``."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def load_ipython_extension(shell: object) -> None:
    """Register the ``%llmaas`` magics. Raises ``ModuleNotFoundError`` without ``llmaas-cli``."""
    _import_extension().load_ipython_extension(shell)


def unload_ipython_extension(shell: object) -> None:
    """Remove the ``%llmaas`` magics."""
    _import_extension().unload_ipython_extension(shell)


def _import_extension() -> ModuleType:
    try:
        return import_module("llmaas_cli.jupyter.extension")
    except ModuleNotFoundError as error:
        if error.name != "llmaas_cli":
            raise
        raise ModuleNotFoundError(
            "llmaas-cli is not installed. Run `pip install 'llmaas-cli[jupyter]'`.", name=error.name
        ) from None
