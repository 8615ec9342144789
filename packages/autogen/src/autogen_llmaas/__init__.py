"""LLMaaS for all AutoGen variants: configuration, model clients and memory.

Names are imported on first use. Configuration needs no framework, the model client and the
memory need autogen-core, ``LLMaaSConfig`` needs AG2 1.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autogen_llmaas import _namespace as _namespace
from autogen_llmaas._exports import load as _load
from autogen_llmaas._version import __version__

if TYPE_CHECKING:
    from autogen_llmaas.ag2 import LLMaaSConfig
    from autogen_llmaas.classic import LLMaaSClient
    from autogen_llmaas.client import LLMaaSChatCompletionClient
    from autogen_llmaas.components import (
        as_yaml,
        embedding_component,
        gallery,
        model_info,
        native_component,
        portable_component,
    )
    from autogen_llmaas.config_files import environment, write_config_list, write_environment
    from autogen_llmaas.embeddings import LLMaaSEmbeddings
    from autogen_llmaas.entries import config_list, entry, llm_config
    from autogen_llmaas.memory import LLMaaSMemory
    from autogen_llmaas.settings import LLMaaSClientConfig
    from autogen_llmaas.usage_totals import UsageTotals

__all__ = [
    "LLMaaSChatCompletionClient",
    "LLMaaSClient",
    "LLMaaSClientConfig",
    "LLMaaSConfig",
    "LLMaaSEmbeddings",
    "LLMaaSMemory",
    "UsageTotals",
    "__version__",
    "as_yaml",
    "config_list",
    "embedding_component",
    "entry",
    "environment",
    "gallery",
    "llm_config",
    "model_info",
    "native_component",
    "portable_component",
    "write_config_list",
    "write_environment",
]


def __getattr__(name: str) -> Any:
    value = globals()[name] = _load(name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
