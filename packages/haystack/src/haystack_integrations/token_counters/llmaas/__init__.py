"""The token counter."""

from haystack_integrations.token_counters.llmaas.counter import LLMaaSTokenCounter

__all__ = ["LLMaaSTokenCounter"]
