"""Modules of ``llmaas.ops`` that the clients use, imported at first use.

Importing the class of a client loads a third of the modules that its first call needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmaas.ops import (
        async_runner,
        audio,
        batch,
        chat,
        chat_request,
        embed,
        fallbacks,
        hooked_calls,
        images,
        json_request,
        output_budget,
        rerank,
        retrying,
        structured_chat,
        sync_runner,
    )

__all__ = [
    "async_runner",
    "audio",
    "batch",
    "chat",
    "chat_request",
    "embed",
    "fallbacks",
    "hooked_calls",
    "images",
    "json_request",
    "output_budget",
    "rerank",
    "retrying",
    "structured_chat",
    "sync_runner",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"llmaas.ops.{name}")
    globals()[name] = module
    return module
