"""Estimates of how many tokens a chat request takes before its answer.

No tokenizer is published for the service. The estimate is meant for the room that an answer is
given: engines refuse a sum that is too large and tell exact counts, so it need not be an upper
bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llmaas.wire.json_codec import dumps

IMAGE_TOKENS = 1_500
"""Tokens of one image, sound or film: 1,024 x 1,024 pixels in patches of 28 (Qwen-VL, Pixtral)."""

_PER_MESSAGE = 8
"""Tokens that chat templates put around a message."""

_PER_TOOL = 1_500
"""Tokens that the description of a tool rarely exceeds."""

_CHARACTERS_PER_TOKEN = 4
_JSON_BYTES_PER_TOKEN = 3
"""Schemas and arguments are mostly punctuation and short names."""


def is_clearly_below(
    messages: Sequence[Mapping[str, Any]], tools: Any, tokens: int, size: int = 0
) -> bool:
    """Tell at next to no cost whether a prompt is far below so many tokens.

    Takes each character for a token, and looks at lengths only. ``size`` is the characters of
    the messages, where they are known.
    """
    left = tokens - _PER_TOOL * len(tools or ()) - _PER_MESSAGE * len(messages)
    if size:
        return left > size
    for message in messages:
        content = message.get("content")
        left -= len(content) if type(content) is str else _content_tokens(content)
        if "tool_calls" in message:
            left -= argument_characters(message["tool_calls"])
    return left > 0


def argument_characters(calls: Any) -> int:
    """Return the characters of the arguments of calls, and some for each call."""
    size = 0
    try:
        for call in calls or ():
            size += _PER_MESSAGE + len(call["function"]["arguments"])
        return size
    except (TypeError, KeyError):  # of another shape: counted with care where it matters
        return _PER_TOOL


def estimate_prompt(
    messages: Sequence[Mapping[str, Any]], tools: Any = None, response_format: Any = None
) -> int:
    """Estimate the tokens of messages, tools and a schema."""
    total = sum(map(_message_tokens, messages))
    return total + _json_tokens(tools) + _json_tokens(response_format)


def _message_tokens(message: Mapping[str, Any]) -> int:
    return (
        _PER_MESSAGE
        + _content_tokens(message.get("content"))
        + _text_tokens(message.get("reasoning_content"))
        + _json_tokens(message.get("tool_calls"))
    )


def _content_tokens(content: Any) -> int:
    if not isinstance(content, list | tuple):
        return _text_tokens(content)
    return sum(map(_part_tokens, content))


def _part_tokens(part: Any) -> int:
    if not isinstance(part, Mapping):
        return _text_tokens(part)
    text = part.get("text")
    return IMAGE_TOKENS if text is None else _text_tokens(text)


def _text_tokens(text: Any) -> int:
    """Count four ASCII characters as a token, and each other one as one of its own."""
    if not isinstance(text, str) or not text:
        return 0
    plain = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    return plain // _CHARACTERS_PER_TOKEN + len(text) - plain + 1


def _json_tokens(value: Any) -> int:
    if not value:
        return 0
    try:
        return len(dumps(value)) // _JSON_BYTES_PER_TOKEN
    except (TypeError, ValueError, RecursionError):  # refused when it is sent
        return 0
