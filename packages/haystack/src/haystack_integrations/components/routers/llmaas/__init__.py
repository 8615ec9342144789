"""Routers: by the verdict of a guard, and to the model that suits a conversation."""

from haystack_integrations.components.routers.llmaas.guard import LLMaaSGuard
from haystack_integrations.components.routers.llmaas.model_router import LLMaaSModelRouter

__all__ = ["LLMaaSGuard", "LLMaaSModelRouter"]
