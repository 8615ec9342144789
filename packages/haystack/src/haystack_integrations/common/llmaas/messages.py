"""Conversion of Haystack's chat messages to messages of the API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from haystack.dataclasses import (
    ChatMessage,
    ChatRole,
    ReasoningContent,
    TextContent,
    ToolCall,
    ToolCallResult,
)

from haystack_integrations.common.llmaas.files import expand_files
from llmaas.adapters import ascii_name

_ROLES = {role: role.value for role in ChatRole}
_REASONING_FIELDS = frozenset({"reasoning_content", "reasoning", "thinking"})


def coerce_messages(messages: list[ChatMessage] | str) -> list[ChatMessage]:
    """Return a list of messages. A string becomes a user message."""
    if isinstance(messages, str):
        return [ChatMessage.from_user(messages)]
    if isinstance(messages, list) and all(isinstance(m, ChatMessage) for m in messages):
        return messages
    raise TypeError("Invalid messages type. Expected list[ChatMessage] or str.")


def to_api_messages(
    messages: Sequence[ChatMessage], *, send_reasoning: bool = False, unpack_files: bool = True
) -> list[dict[str, Any]]:
    """Convert messages to OpenAI's format.

    Trailing empty assistant messages are dropped: some models only reason after them.
    """
    kept = list(messages)
    while len(kept) > 1 and _is_empty_answer(kept[-1]):
        kept.pop()
    converted: list[dict[str, Any]] = []
    for message in kept:
        plain = _convert_text(message)
        if plain is not None:
            converted.append(plain)
        else:
            converted += _convert(message, send_reasoning, unpack_files)
    return converted


def _convert_text(message: ChatMessage) -> dict[str, Any] | None:
    """Convert a message that is a single text (fast path); return None for others.

    Haystack's own converter scans each message ten times.
    """
    parts = message._content  # no public attribute lists all parts
    if len(parts) != 1 or type(parts[0]) is not TextContent or message.name is not None:
        return None
    if "refusal" in message.meta:
        return None
    return {"role": _ROLES[message.role], "content": parts[0].text}


def _convert(
    message: ChatMessage, send_reasoning: bool, unpack_files: bool
) -> Iterator[dict[str, Any]]:
    """Yield one message per tool result, or the converted message."""
    results = message.tool_call_results
    if results and not (message.texts or message.tool_calls or message.images or message.files):
        yield from map(_convert_result, results)
    else:
        yield _convert_message(message, send_reasoning, unpack_files)


def _convert_result(result: ToolCallResult) -> dict[str, Any]:
    """Convert a tool's result. The core moves its images to a user message."""
    call = {"tool_call_id": result.origin.id} if result.origin.id is not None else {}
    name = {} if call else {"name": ascii_name(result.origin.tool_name)}
    content: Any = result.result
    if not isinstance(content, str):
        content = ChatMessage.from_user(content_parts=list(content)).to_openai_dict_format()
        content = content["content"]
    return {"role": "tool", "content": content, **call, **name}


def _convert_message(
    message: ChatMessage, send_reasoning: bool, unpack_files: bool
) -> dict[str, Any]:
    wire = _to_openai_dict(message)
    if message.name:
        wire["name"] = ascii_name(message.name)
    if message.is_from(ChatRole.USER):
        if unpack_files and message.files:
            wire["content"] = expand_files(wire["content"])
        return wire
    texts = message.texts
    if len(texts) > 1:  # Haystack's converter sends only the first
        wire["content"] = "\n".join(text for text in texts if text)
    if send_reasoning and (thoughts := message.reasonings):
        field = _reasoning_field(thoughts[0])
        wire[field] = "".join(thought.reasoning_text for thought in thoughts)
    return wire


def _to_openai_dict(message: ChatMessage) -> dict[str, Any]:
    """Convert by Haystack, which fails on dates and similar values in tool arguments."""
    try:
        return message.to_openai_dict_format(require_tool_call_ids=False)
    except TypeError:
        parts = [_to_json_call(p) if isinstance(p, ToolCall) else p for p in message._content]
        return replace(message, _content=parts).to_openai_dict_format(require_tool_call_ids=False)


def _to_json_call(call: ToolCall) -> ToolCall:
    return replace(call, arguments=json.loads(json.dumps(call.arguments, default=str)))


def _reasoning_field(thought: ReasoningContent) -> str:
    field = thought.extra.get("field")
    return field if field in _REASONING_FIELDS else "reasoning_content"


def _is_empty_answer(message: ChatMessage) -> bool:
    return message.is_from(ChatRole.ASSISTANT) and not (any(message.texts) or message.tool_calls)
