"""Conversion of the framework's messages to those of a request."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from agent_framework import Content, Message, prepend_instructions_to_messages

from llmaas import InvalidInputError
from llmaas.adapters import ascii_name

logger = logging.getLogger("agent_framework_llmaas")

_DEFAULT_AGENT_NAME = "UnnamedAgent"
"""The framework's default agent name, which is not sent."""
_INTERNAL_TYPES = frozenset(
    {"function_approval_request", "function_approval_response", "usage", "error", "text_reasoning"}
)
"""Content types of the framework that are not part of the conversation."""
_TEXT_ROLES = frozenset({"user", "assistant"})
_ASSISTANT_TYPES = _INTERNAL_TYPES | {"text", "function_call"}
_MEDIA_PARTS = {"image": "image_url", "audio": "audio_url", "video": "video_url"}

APIMessage = dict[str, Any]


def to_api_messages(
    messages: Sequence[Message],
    instructions: str | Sequence[str] | None = None,
    *,
    send_reasoning: bool = False,
) -> list[APIMessage]:
    """Convert messages; the core reorders them for the model.

    Reasoning is never sent as text. ``send_reasoning`` sends it in ``reasoning_content`` of its
    assistant message.
    """
    converted: list[APIMessage] = []
    for message in prepend_instructions_to_messages(list(messages), instructions):
        plain = _convert_text(message)
        if plain is not None:
            converted.append(plain)
        else:
            converted.extend(_convert_message(message, send_reasoning))
    return converted


def _convert_text(message: Message) -> APIMessage | None:
    """Convert a user or assistant message of one text (fast path); return None for others."""
    role, contents = message.role, message.contents
    if len(contents) != 1 or contents[0].type != "text" or message.author_name:
        return None
    text = contents[0].text
    return {"role": role, "content": text} if text and role in _TEXT_ROLES else None


def _convert_message(message: Message, send_reasoning: bool) -> Iterator[APIMessage]:
    role = str(message.role)
    results = [c for c in message.contents if c.type == "function_result"]
    others = [c for c in message.contents if c.type != "function_result"]
    if role in ("system", "developer"):
        text = _joined_text(others)
        if text.strip():
            yield {"role": "system", "content": text}
    elif role == "assistant":
        yield from _assistant_messages(message, others, send_reasoning)
    else:
        yield from _user_messages(message, others)
    for result in results:
        yield {"role": "tool", "tool_call_id": result.call_id, "content": _result_content(result)}


def _user_messages(message: Message, contents: Sequence[Content]) -> Iterator[APIMessage]:
    """Convert a user message, or the text beside tool results; skip internal contents."""
    parts = [content for content in contents if content.type not in _INTERNAL_TYPES]
    is_tool = message.role == "tool"
    if is_tool:  # tool messages of the API hold only the result
        parts = [content for content in parts if content.type == "text"]
    if parts or not (message.contents or is_tool):
        role = "user" if is_tool else str(message.role)
        yield {"role": role, "content": _user_content(parts), **_name_field(message)}


def _assistant_messages(
    message: Message, contents: Sequence[Content], send_reasoning: bool
) -> Iterator[APIMessage]:
    """Convert a turn to one message with text and calls; to none if it has neither."""
    _log_unsendable(contents)
    converted: APIMessage = {
        "role": "assistant",
        "content": _joined_text(contents) or None,
        **_name_field(message),
    }
    calls = [_tool_call(content) for content in contents if content.type == "function_call"]
    if calls:
        converted["tool_calls"] = calls
    if send_reasoning:
        thoughts = [c.text or "" for c in contents if c.type == "text_reasoning"]
        if reasoning := "".join(thoughts):
            converted["reasoning_content"] = reasoning
    if converted["content"] is None and not calls:
        if len(converted) == 2 + ("name" in converted):
            return
        converted["content"] = ""
    yield converted


def _log_unsendable(contents: Sequence[Content]) -> None:
    for content in contents:
        if content.type not in _ASSISTANT_TYPES:
            what = content.media_type or content.type
            logger.warning(
                "contents: %s is not supported in an assistant message and was not sent", what
            )


def _user_content(parts: Sequence[Content]) -> str | list[APIMessage]:
    """Convert contents to a string, or to the parts of one message if there is media."""
    if all(content.type == "text" for content in parts):
        return _joined_text(parts)
    return [_content_part(content) for content in parts]


def _content_part(content: Content) -> APIMessage:
    if content.type == "text":
        return {"type": "text", "text": content.text}
    kind = (content.media_type or "").partition("/")[0]
    part = _MEDIA_PARTS.get(kind)
    if content.type not in ("data", "uri") or part is None:
        what = content.media_type or content.type
        raise InvalidInputError(f"contents must be text, images, audio or video, got {what}.")
    source: APIMessage = {"url": content.uri}
    detail = (content.additional_properties or {}).get("detail")
    if isinstance(detail, str):
        source["detail"] = detail
    return {"type": part, part: source}


def _tool_call(content: Content) -> APIMessage:
    arguments = content.arguments
    if not isinstance(arguments, str):
        arguments = json.dumps(dict(arguments or {}), ensure_ascii=False, default=str)
    function = {"name": content.name, "arguments": arguments or "{}"}
    return {"id": content.call_id, "type": "function", "function": function}


def _result_content(content: Content) -> str | list[APIMessage]:
    """Convert a tool result; the core moves its media to a user message."""
    if content.items:
        if all(item.type == "text" for item in content.items):
            return "\n".join(item.text or "" for item in content.items)
        return [_result_part(item) for item in content.items]
    result = content.result
    if result is None:
        return "Error: the function failed." if content.exception else ""
    return (
        result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
    )


def _result_part(item: Content) -> APIMessage:
    kind = (item.media_type or "").partition("/")[0]
    if item.type == "text" or (item.type in ("data", "uri") and kind in _MEDIA_PARTS):
        return _content_part(item)
    what = item.media_type or item.type
    logger.warning("result: %s is not supported in a message; only its type was sent", what)
    return {"type": "text", "text": f"[{what}]"}


def _joined_text(contents: Sequence[Content]) -> str:
    return "\n".join(c.text for c in contents if c.type == "text" and c.text)


def _name_field(message: Message) -> APIMessage:
    author = message.author_name
    return {} if not author or author == _DEFAULT_AGENT_NAME else {"name": ascii_name(author)}
