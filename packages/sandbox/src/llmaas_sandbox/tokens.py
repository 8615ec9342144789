"""Token estimates as the service documents them: four characters per token."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

CHARACTERS_PER_TOKEN = 4
TOKENS_PER_IMAGE = 256
"""Inferred: one mode of the OCR model; the service states no figure for the others."""


def count_tokens(text: str | None) -> int:
    """Estimate the tokens of a text: a quarter of its characters, at least one if any."""
    return max(1, len(text) // CHARACTERS_PER_TOKEN) if text else 0


def content_text(content: object) -> str:
    """Return the text of a message's content, which may be a string or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, Mapping))
        return "\n".join(text for text in texts if isinstance(text, str))
    return ""


def _images(content: object) -> int:
    parts = content if isinstance(content, list) else ()
    return sum(1 for p in parts if isinstance(p, Mapping) and "image" in str(p.get("type", "")))


def has_images(content: object) -> bool:
    """Whether a message's content contains an image."""
    return isinstance(content, list) and _images(content) > 0


def count_message_tokens(messages: Iterable[Mapping[str, Any]], tools: Any = None) -> int:
    """Estimate the prompt tokens of a conversation and its tools."""
    total = 0
    for message in messages:
        content = message.get("content")
        total += count_tokens(content_text(content)) + TOKENS_PER_IMAGE * _images(content)
        calls = message.get("tool_calls")
        total += count_tokens(json.dumps(calls, ensure_ascii=False)) if calls else 0
    return total + (count_tokens(json.dumps(tools, ensure_ascii=False)) if tools else 0)
