"""Haystack's chat messages, made into what goes on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from haystack.dataclasses import ChatMessage, ChatRole, ReasoningContent

from haystack_integrations.common.llmaas.files import unpacked
from llmaas.messages import ascii_name

_REASONING_FIELDS = frozenset({"reasoning_content", "reasoning", "thinking"})


def as_messages(messages: list[ChatMessage] | str) -> list[ChatMessage]:
    """Return a list of messages; a string becomes one from the user."""
    if isinstance(messages, str):
        return [ChatMessage.from_user(messages)]
    if isinstance(messages, list) and all(isinstance(m, ChatMessage) for m in messages):
        return messages
    raise TypeError("Invalid messages type. Expected list[ChatMessage] or str.")


def to_wire(
    messages: Sequence[ChatMessage], *, send_reasoning: bool = False, unpack_files: bool = True
) -> list[dict[str, Any]]:
    """Return OpenAI's dicts for messages.

    An empty assistant message at the end is left out: some models stop after thinking on it.
    """
    kept = list(messages)
    while len(kept) > 1 and _is_empty_answer(kept[-1]):
        kept.pop()
    return [_to_wire(message, send_reasoning, unpack_files) for message in kept]


def _to_wire(message: ChatMessage, send_reasoning: bool, unpack_files: bool) -> dict[str, Any]:
    wire = message.to_openai_dict_format(require_tool_call_ids=False)
    if message.name:
        wire["name"] = ascii_name(message.name)
    if message.is_from(ChatRole.USER):
        if unpack_files and message.files:
            wire["content"] = unpacked(wire["content"])
        return wire
    texts = message.texts
    if len(texts) > 1:  # Haystack's converter sends the first alone
        wire["content"] = "\n".join(text for text in texts if text)
    if send_reasoning and (thoughts := message.reasonings):
        field = _field_of(thoughts[0])
        wire[field] = "".join(thought.reasoning_text for thought in thoughts)
    return wire


def _field_of(thought: ReasoningContent) -> str:
    field = thought.extra.get("field")
    return field if field in _REASONING_FIELDS else "reasoning_content"


def _is_empty_answer(message: ChatMessage) -> bool:
    return message.is_from(ChatRole.ASSISTANT) and not (any(message.texts) or message.tool_calls)
