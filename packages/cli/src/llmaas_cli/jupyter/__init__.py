"""LLMaaS in notebooks (extra ``jupyter``): ``%load_ext llmaas``, ``%%llmaas``, progress bars.

Names are imported when first used, so that importing this package needs no IPython.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmaas_cli.jupyter.bars import ProgressBars, progress
    from llmaas_cli.jupyter.connection import connect
    from llmaas_cli.jupyter.failures import AskError

__all__ = ["AskError", "ProgressBars", "connect", "progress"]

_HOME_OF = {
    "AskError": "failures",
    "Progress": "bars",
    "connect": "connection",
    "progress": "bars",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
