"""LLMaaS embeddings for LlamaIndex."""

from llama_index.embeddings.llmaas.base import LLMaaSEmbedding

__all__ = ["LLMaaSEmbedding"]
