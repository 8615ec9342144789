"""LLMaaS in notebooks (extra ``jupyter``): ``%load_ext llmaas``, ``%%llmaas``, progress bars.

Names are imported on first use, so that importing this package does not require IPython.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmaas_cli.jupyter.bars import ProgressBars, progress
    from llmaas_cli.jupyter.connection import connect
    from llmaas_cli.jupyter.failures import AskError

__all__ = ["AskError", "ProgressBars", "connect", "progress"]

_MODULE_BY_NAME = {
    "AskError": "failures",
    "ProgressBars": "bars",
    "connect": "connection",
    "progress": "bars",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_BY_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_BY_NAME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
