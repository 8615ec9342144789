"""Generators for chats, batches of chats and images."""

from haystack_integrations.components.generators.llmaas.batch import LLMaaSBatchChatGenerator
from haystack_integrations.components.generators.llmaas.chat.chat_generator import (
    LLMaaSChatGenerator,
)
from haystack_integrations.components.generators.llmaas.images import LLMaaSImageGenerator

__all__ = ["LLMaaSBatchChatGenerator", "LLMaaSChatGenerator", "LLMaaSImageGenerator"]
