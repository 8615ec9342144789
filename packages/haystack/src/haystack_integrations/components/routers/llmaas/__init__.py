"""The guard."""

from haystack_integrations.components.routers.llmaas.guard import LLMaaSGuard

__all__ = ["LLMaaSGuard"]
