"""Estimates of the prompt tokens of a chat request.

No tokenizer is published for the service. The estimate determines the default token limit of an
answer. It need not be an upper bound, because engines refuse a sum that is too large and report
exact counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llmaas.wire.json_codec import dumps

IMAGE_TOKENS = 1_500
"""Tokens of an image, audio or video: 1,024 x 1,024 pixels in patches of 28 (Qwen-VL, Pixtral)."""

_PER_MESSAGE = 8
"""Tokens that chat templates add to a message."""

_PER_TOOL = 1_500
"""Tokens that a tool definition rarely exceeds."""

_CHARACTERS_PER_TOKEN = 4
_JSON_BYTES_PER_TOKEN = 3
"""Lower than for text: schemas and arguments are mostly punctuation and short names."""


def is_clearly_below(
    messages: Sequence[Mapping[str, object]],
    tools: Sequence[object] | None,
    tokens: int,
    size: int = 0,
) -> bool:
    """Whether a prompt is far below a number of tokens, by a check of lengths only.

    Counts each character as a token. ``size`` is the number of characters of the messages, if
    known.
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
    """Count the characters of tool call arguments, plus a constant per call."""
    size = 0
    try:
        for call in calls or ():
            size += _PER_MESSAGE + len(call["function"]["arguments"])
        return size
    except (TypeError, KeyError):  # another format: estimated elsewhere if it matters
        return _PER_TOOL


def estimate_prompt(
    messages: Sequence[Mapping[str, object]], tools: object = None, response_format: object = None
) -> int:
    """Estimate the tokens of messages, tools and a ``response_format``."""
    total = sum(map(_message_tokens, messages))
    return total + _json_tokens(tools) + _json_tokens(response_format)


def _message_tokens(message: Mapping[str, object]) -> int:
    return (
        _PER_MESSAGE
        + _content_tokens(message.get("content"))
        + _text_tokens(message.get("reasoning_content"))
        + _json_tokens(message.get("tool_calls"))
    )


def _content_tokens(content: object) -> int:
    if not isinstance(content, list | tuple):
        return _text_tokens(content)
    return sum(map(_part_tokens, content))


def _part_tokens(part: object) -> int:
    if not isinstance(part, Mapping):
        return _text_tokens(part)
    text = part.get("text")
    return IMAGE_TOKENS if text is None else _text_tokens(text)


def _text_tokens(text: object) -> int:
    """Count four ASCII characters, or one other character, as a token."""
    if not isinstance(text, str) or not text:
        return 0
    plain = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    return plain // _CHARACTERS_PER_TOKEN + len(text) - plain + 1


def _json_tokens(value: object) -> int:
    if not value:
        return 0
    try:
        return len(dumps(value)) // _JSON_BYTES_PER_TOKEN
    except (TypeError, ValueError, RecursionError):  # refused when the request is sent
        return 0
