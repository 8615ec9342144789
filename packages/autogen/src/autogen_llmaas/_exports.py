"""Module of each public name, and the extra that installs its framework."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PACKAGE = "autogen_llmaas"
_NAMES = {
    "ag2": ("LLMaaSConfig",),
    "classic": ("LLMaaSClient",),
    "client": ("LLMaaSChatCompletionClient",),
    "components": (
        "as_yaml",
        "embedding_component",
        "gallery",
        "model_info",
        "native_component",
        "portable_component",
    ),
    "entries": ("config_list", "entry", "llm_config"),
    "embeddings": ("LLMaaSEmbeddings",),
    "memory": ("LLMaaSMemory",),
    "settings": ("LLMaaSClientConfig",),
    "usage_totals": ("UsageTotals",),
    "config_files": ("environment", "write_config_list", "write_environment"),
}
_EXTRA_BY_MODULE = {"autogen_core": "agentchat", "ag2": "ag2"}

MODULE_BY_NAME = {name: module for module, names in _NAMES.items() for name in names}


def load(name: str) -> Any:
    """Import a public name. Raises ``ImportError`` naming the extra to install."""
    if name not in MODULE_BY_NAME:
        raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{_PACKAGE}.{MODULE_BY_NAME[name]}"), name)
    except ModuleNotFoundError as error:
        extra = _EXTRA_BY_MODULE.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        hint = f"{name} needs {error.name}: pip install 'autogen-llmaas[{extra}]'"
        raise ImportError(hint, name=error.name) from error
