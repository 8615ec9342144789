"""LLMaaS rerank postprocessor for LlamaIndex."""

from llama_index.postprocessor.llmaas.base import LLMaaSRerank

__all__ = ["LLMaaSRerank"]
