"""Generators: chat, batches of chats at half price, images."""

from haystack_integrations.components.generators.llmaas.batch import LLMaaSBatchChatGenerator
from haystack_integrations.components.generators.llmaas.chat.chat_generator import (
    LLMaaSChatGenerator,
)
from haystack_integrations.components.generators.llmaas.images import LLMaaSImageGenerator

__all__ = ["LLMaaSBatchChatGenerator", "LLMaaSChatGenerator", "LLMaaSImageGenerator"]
