"""The chat generator."""

from haystack_integrations.components.generators.llmaas.chat.chat_generator import (
    LLMaaSChatGenerator,
)

__all__ = ["LLMaaSChatGenerator"]
