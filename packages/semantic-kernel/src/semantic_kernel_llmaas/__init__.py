"""LLMaaS services for Semantic Kernel, on the framework's public base classes.

Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semantic_kernel_llmaas.audio import LLMaaSAudioToText, LLMaaSTextToAudio
    from semantic_kernel_llmaas.chat import LLMaaSChatCompletion
    from semantic_kernel_llmaas.embedding import LLMaaSTextEmbedding
    from semantic_kernel_llmaas.environment import LLMaaSSettings
    from semantic_kernel_llmaas.errors import llmaas_error
    from semantic_kernel_llmaas.image import LLMaaSTextToImage
    from semantic_kernel_llmaas.realtime import LLMaaSRealtimeTranscription
    from semantic_kernel_llmaas.rerank import LLMaaSRerankPlugin
    from semantic_kernel_llmaas.settings import (
        LLMaaSAudioToTextExecutionSettings,
        LLMaaSChatPromptExecutionSettings,
        LLMaaSEmbeddingPromptExecutionSettings,
        LLMaaSTextPromptExecutionSettings,
        LLMaaSTextToAudioExecutionSettings,
        LLMaaSTextToImageExecutionSettings,
    )
    from semantic_kernel_llmaas.text import LLMaaSTextCompletion

__version__ = "0.1.0"

__all__ = [
    "LLMaaSAudioToText",
    "LLMaaSAudioToTextExecutionSettings",
    "LLMaaSChatCompletion",
    "LLMaaSChatPromptExecutionSettings",
    "LLMaaSEmbeddingPromptExecutionSettings",
    "LLMaaSRealtimeTranscription",
    "LLMaaSRerankPlugin",
    "LLMaaSSettings",
    "LLMaaSTextCompletion",
    "LLMaaSTextEmbedding",
    "LLMaaSTextPromptExecutionSettings",
    "LLMaaSTextToAudio",
    "LLMaaSTextToAudioExecutionSettings",
    "LLMaaSTextToImage",
    "LLMaaSTextToImageExecutionSettings",
    "__version__",
    "llmaas_error",
]

_MODULE_BY_NAME = {
    "LLMaaSAudioToText": "audio",
    "LLMaaSAudioToTextExecutionSettings": "settings",
    "LLMaaSChatCompletion": "chat",
    "LLMaaSChatPromptExecutionSettings": "settings",
    "LLMaaSEmbeddingPromptExecutionSettings": "settings",
    "LLMaaSRealtimeTranscription": "realtime",
    "LLMaaSRerankPlugin": "rerank",
    "LLMaaSSettings": "environment",
    "LLMaaSTextCompletion": "text",
    "LLMaaSTextEmbedding": "embedding",
    "LLMaaSTextPromptExecutionSettings": "settings",
    "LLMaaSTextToAudio": "audio",
    "LLMaaSTextToAudioExecutionSettings": "settings",
    "LLMaaSTextToImage": "image",
    "LLMaaSTextToImageExecutionSettings": "settings",
    "llmaas_error": "errors",
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
