"""LLMaaS integration for LlamaIndex: the LLM, cost events and an offline tokenizer.

``llama_index.embeddings.llmaas`` contains the embeddings, ``llama_index.postprocessor.llmaas``
the rerank postprocessor. One distribution contains all three.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from llama_index.llms.llmaas._version import __version__

if TYPE_CHECKING:
    from llama_index.llms.llmaas.base import LLMaaS
    from llama_index.llms.llmaas.cost import CostEvent
    from llama_index.llms.llmaas.mcp_content import with_mcp_content
    from llama_index.llms.llmaas.tokens import approximate_tokenizer

__all__ = ["CostEvent", "LLMaaS", "__version__", "approximate_tokenizer", "with_mcp_content"]

_MODULE_BY_NAME = {
    "CostEvent": "cost",
    "LLMaaS": "base",
    "approximate_tokenizer": "tokens",
    "with_mcp_content": "mcp_content",
}


def __getattr__(name: str) -> Any:
    module = _MODULE_BY_NAME.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
