"""Conversion of Haystack's chat messages to messages of the API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from haystack.dataclasses import (
    ChatMessage,
    ChatRole,
    FileContent,
    ImageContent,
    ReasoningContent,
    TextContent,
    ToolCall,
    ToolCallResult,
)

from haystack_integrations.common.llmaas.files import expand_files
from llmaas.adapters import ascii_name

SendReasoning: TypeAlias = Literal["auto", "always", "never"] | bool
"""Whether reasoning is sent back to the model. ``auto``: within its own turn only, as models that
call tools need it; later turns would only pay for it."""

_SEND_REASONING = {"auto": "auto", "always": "always", "never": "never", True: "always",
                   False: "never"}  # fmt: skip
_ROLES = {role: role.value for role in ChatRole}
_PARTS = (str, TextContent, ImageContent, FileContent)
_REASONING_FIELDS = frozenset({"reasoning_content", "reasoning", "thinking"})


def coerce_messages(messages: list[ChatMessage] | str) -> list[ChatMessage]:
    """Return a list of messages. A string becomes a user message."""
    if isinstance(messages, str):
        return [ChatMessage.from_user(messages)]
    if isinstance(messages, list) and all(isinstance(m, ChatMessage) for m in messages):
        return messages
    raise TypeError("Invalid messages type. Expected list[ChatMessage] or str.")


def to_api_messages(
    messages: Sequence[ChatMessage],
    *,
    send_reasoning: SendReasoning = "auto",
    unpack_files: bool = True,
) -> list[dict[str, Any]]:
    """Convert messages to OpenAI's format.

    Trailing empty assistant messages are dropped: some models only reason after them.
    """
    first_with_reasoning = _first_with_reasoning(messages, send_reasoning)
    kept = list(messages)
    while len(kept) > 1 and _is_empty_answer(kept[-1]):
        kept.pop()
    converted: list[dict[str, Any]] = []
    for position, message in enumerate(kept):
        plain = _convert_text(message)
        if plain is not None:
            converted.append(plain)
        else:
            converted += _convert(message, position >= first_with_reasoning, unpack_files)
    return converted


def _first_with_reasoning(messages: Sequence[ChatMessage], send_reasoning: SendReasoning) -> int:
    """Return the position of the first message whose reasoning is sent."""
    try:
        choice = _SEND_REASONING[send_reasoning]
    except (KeyError, TypeError):
        raise ValueError(
            f"send_reasoning must be 'auto', 'always', 'never' or a bool, got {send_reasoning!r}."
        ) from None
    if choice != "auto":
        return 0 if choice == "always" else len(messages)
    for position in range(len(messages) - 1, -1, -1):
        if messages[position].is_from(ChatRole.USER):
            return position
    return 0


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
        yield from (_convert_result(result, unpack_files) for result in results)
    else:
        yield _convert_message(message, send_reasoning, unpack_files)


def _convert_result(result: ToolCallResult, unpack_files: bool) -> dict[str, Any]:
    """Convert a tool's result. The core moves its images to a user message."""
    call = {"tool_call_id": result.origin.id} if result.origin.id is not None else {}
    name = {} if call else {"name": ascii_name(result.origin.tool_name)}
    content = _result_content(result.result)
    if unpack_files and not isinstance(content, str):
        content = expand_files(content)
    return {"role": "tool", "content": content, **call, **name}


def _result_content(result: Any) -> Any:
    """Return a result's text, or its parts. A tool with ``raw_result`` may return anything."""
    if isinstance(result, str):
        return result
    parts = [result] if isinstance(result, _PARTS) else result
    if isinstance(parts, list | tuple) and parts and all(isinstance(p, _PARTS) for p in parts):
        return ChatMessage.from_user(content_parts=list(parts)).to_openai_dict_format()["content"]
    return json.dumps(result, ensure_ascii=False, default=str)


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
