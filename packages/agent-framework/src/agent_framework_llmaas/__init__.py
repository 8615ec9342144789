"""LLMaaS for Microsoft Agent Framework: a chat client, an embedding client and tools.

Errors belong to both exception hierarchies: the framework's (``ChatClientException``) and the
core's (``llmaas.errors``).
"""

from agent_framework_llmaas._chat_client import LLMaaSChatClient, RawLLMaaSChatClient
from agent_framework_llmaas._embedding_client import (
    LLMaaSEmbeddingClient,
    LLMaaSEmbeddingOptions,
    RawLLMaaSEmbeddingClient,
)
from agent_framework_llmaas._options import LLMaaSChatOptions
from agent_framework_llmaas._tools import image_tool, rerank_tool, speech_tool, transcription_tool
from agent_framework_llmaas._version import __version__

__all__ = [
    "LLMaaSChatClient",
    "LLMaaSChatOptions",
    "LLMaaSEmbeddingClient",
    "LLMaaSEmbeddingOptions",
    "RawLLMaaSChatClient",
    "RawLLMaaSEmbeddingClient",
    "__version__",
    "image_tool",
    "rerank_tool",
    "speech_tool",
    "transcription_tool",
]
