"""LangChain integration for LLMaaS: chat, embeddings, rerank, audio, images, batches, costs.

Names are imported when first used: importing one class does not load the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from langchain_llmaas._version import __version__

if TYPE_CHECKING:
    from langchain_llmaas.audio import LLMaaSAudioLoader, LLMaaSAudioParser
    from langchain_llmaas.batch import LLMaaSBatch, abatch_requests, batch_requests
    from langchain_llmaas.chat_models import ChatLLMaaS
    from langchain_llmaas.cost import CostCallbackHandler, get_cost_callback
    from langchain_llmaas.embeddings import LLMaaSEmbeddings
    from langchain_llmaas.images import LLMaaSImages
    from langchain_llmaas.rate_limiter import TierRateLimiter
    from langchain_llmaas.registration import register
    from langchain_llmaas.rerank import LLMaaSRerank

__all__ = [
    "ChatLLMaaS",
    "CostCallbackHandler",
    "LLMaaSAudioLoader",
    "LLMaaSAudioParser",
    "LLMaaSBatch",
    "LLMaaSEmbeddings",
    "LLMaaSImages",
    "LLMaaSRerank",
    "TierRateLimiter",
    "__version__",
    "abatch_requests",
    "batch_requests",
    "get_cost_callback",
    "register",
]

_MODULE_BY_NAME = {
    "ChatLLMaaS": "chat_models",
    "CostCallbackHandler": "cost",
    "LLMaaSAudioLoader": "audio",
    "LLMaaSAudioParser": "audio",
    "LLMaaSBatch": "batch",
    "LLMaaSEmbeddings": "embeddings",
    "LLMaaSImages": "images",
    "LLMaaSRerank": "rerank",
    "TierRateLimiter": "rate_limiter",
    "abatch_requests": "batch",
    "batch_requests": "batch",
    "get_cost_callback": "cost",
    "register": "registration",
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
