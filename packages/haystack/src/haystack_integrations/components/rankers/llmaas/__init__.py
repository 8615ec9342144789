"""The ranker."""

from haystack_integrations.components.rankers.llmaas.ranker import LLMaaSRanker

__all__ = ["LLMaaSRanker"]
