"""The framework's messages as the wire takes them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from agent_framework import Content, Message

from llmaas import InvalidInputError
from llmaas.adapters import ascii_name

logger = logging.getLogger("agent_framework_llmaas")

_UNNAMED = "UnnamedAgent"
"""What the framework calls an agent without a name: no name to send."""
_INTERNAL = frozenset(
    {"function_approval_request", "function_approval_response", "usage", "error", "text_reasoning"}
)
"""Contents that belong to the framework's own book-keeping, not to the conversation."""
_OF_ASSISTANTS = _INTERNAL | {"text", "function_call"}
_MEDIA_PARTS = {"image": "image_url", "audio": "audio_url", "video": "video_url"}

Wire = dict[str, Any]


def wire_messages(
    messages: Sequence[Message], instructions: str | None = None, *, send_reasoning: bool = False
) -> list[Wire]:
    """Return the messages to send; the core puts them into the order that models take.

    Reasoning is never sent as text; with ``send_reasoning`` it goes back in
    ``reasoning_content`` of the assistant message it belongs to.
    """
    wire: list[Wire] = [{"role": "system", "content": instructions}] if instructions else []
    for message in messages:
        wire.extend(_wire(message, send_reasoning))
    return wire


def _wire(message: Message, send_reasoning: bool) -> Iterator[Wire]:
    role = str(message.role)
    results = [c for c in message.contents if c.type == "function_result"]
    others = [c for c in message.contents if c.type != "function_result"]
    if role in ("system", "developer"):
        text = _text(others)
        if text:
            yield {"role": "system", "content": text}
    elif role == "assistant":
        yield from _assistant(message, others, send_reasoning)
    else:
        yield from _user(message, others)
    for result in results:
        yield {"role": "tool", "tool_call_id": result.call_id, "content": _result_content(result)}


def _user(message: Message, contents: Sequence[Content]) -> Iterator[Wire]:
    """Yield what a user said, also beside a tool's results; none for mere book-keeping."""
    said = [content for content in contents if content.type not in _INTERNAL]
    is_tool = message.role == "tool"
    if is_tool:  # the wire's tool messages have place for a result only
        said = [content for content in said if content.type == "text"]
    if said or not (message.contents or is_tool):
        role = "user" if is_tool else str(message.role)
        yield {"role": role, "content": _user_content(said), **_name(message)}


def _assistant(
    message: Message, contents: Sequence[Content], send_reasoning: bool
) -> Iterator[Wire]:
    """Yield one message with the text and the calls of a turn; none for a turn without either."""
    _tell_what_is_left_out(contents)
    wire: Wire = {"role": "assistant", "content": _text(contents) or None, **_name(message)}
    calls = [_call(content) for content in contents if content.type == "function_call"]
    if calls:
        wire["tool_calls"] = calls
    if send_reasoning:
        thoughts = [c.text or "" for c in contents if c.type == "text_reasoning"]
        if reasoning := "".join(thoughts):
            wire["reasoning_content"] = reasoning
    if wire["content"] is None and not calls:
        if len(wire) == 2 + ("name" in wire):
            return
        wire["content"] = ""
    yield wire


def _tell_what_is_left_out(contents: Sequence[Content]) -> None:
    for content in contents:
        if content.type not in _OF_ASSISTANTS:
            what = content.media_type or content.type
            logger.warning("No assistant message can hold %s: it is not sent", what)


def _user_content(said: Sequence[Content]) -> str | list[Wire]:
    """Return text as a string, and text with media as the parts of one message."""
    if all(content.type == "text" for content in said):
        return _text(said)
    return [_part(content) for content in said]


def _part(content: Content) -> Wire:
    if content.type == "text":
        return {"type": "text", "text": content.text}
    kind = (content.media_type or "").partition("/")[0]
    part = _MEDIA_PARTS.get(kind)
    if content.type not in ("data", "uri") or part is None:
        what = content.media_type or content.type
        raise InvalidInputError(f"LLMaaS takes text, images, sound and video, not {what}")
    source: Wire = {"url": content.uri}
    detail = (content.additional_properties or {}).get("detail")
    if isinstance(detail, str):
        source["detail"] = detail
    return {"type": part, part: source}


def _call(content: Content) -> Wire:
    arguments = content.arguments
    if not isinstance(arguments, str):
        arguments = json.dumps(dict(arguments or {}), ensure_ascii=False, default=str)
    function = {"name": content.name, "arguments": arguments or "{}"}
    return {"id": content.call_id, "type": "function", "function": function}


def _result_content(content: Content) -> str | list[Wire]:
    """Return what the model can read and see of a result; the core moves media to the user."""
    if content.items:
        if all(item.type == "text" for item in content.items):
            return "\n".join(item.text or "" for item in content.items)
        return [_part_of_result(item) for item in content.items]
    result = content.result
    if result is None:
        return "Error: the function failed." if content.exception else ""
    return (
        result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str)
    )


def _part_of_result(item: Content) -> Wire:
    kind = (item.media_type or "").partition("/")[0]
    if item.type == "text" or (item.type in ("data", "uri") and kind in _MEDIA_PARTS):
        return _part(item)
    what = item.media_type or item.type
    logger.warning("A tool returned %s, which no message can hold: only its kind is sent", what)
    return {"type": "text", "text": f"[{what}]"}


def _text(contents: Sequence[Content]) -> str:
    return "\n".join(c.text for c in contents if c.type == "text" and c.text)


def _name(message: Message) -> Wire:
    author = message.author_name
    return {} if not author or author == _UNNAMED else {"name": ascii_name(author)}
