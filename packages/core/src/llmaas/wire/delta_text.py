"""Texts of deltas that are not strings: objects, and lists of parts."""

from __future__ import annotations

import json


def as_text(value: object) -> str:
    """Convert a text in any form that engines send: a string, an object, or a list of both."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, dict):
        inner = value.get("text", value.get("content"))
        return inner if isinstance(inner, str) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "".join(as_text(part) for part in value)
    return str(value)


def split_parts(content: object) -> tuple[str, str]:
    """Split a content that is an object or a list of parts into text and reasoning."""
    parts = content if isinstance(content, list) else [content]
    text, thought = [], []
    for part in parts:
        if isinstance(part, dict) and part.get("type") in ("thinking", "reasoning"):
            thought.append(as_text(part.get("thinking", part.get("text"))))
        else:
            text.append(as_text(part))
    return "".join(text), "".join(thought)
