"""Embedders for queries and documents."""

from haystack_integrations.components.embedders.llmaas.document_embedder import (
    LLMaaSDocumentEmbedder,
)
from haystack_integrations.components.embedders.llmaas.text_embedder import LLMaaSTextEmbedder

__all__ = ["LLMaaSDocumentEmbedder", "LLMaaSTextEmbedder"]
