"""Message contents: text, media parts and concatenation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Message: TypeAlias = Mapping[str, Any]
Content: TypeAlias = str | list[Any]

_PLAIN_PART = frozenset({"type", "text", "cache_control", "annotations", "id", "index"})
"""Keys of a plain text part. Parts of TranslateGemma also name languages."""


def content_text(content: object) -> str:
    """Join the text parts of a content with line feeds, as vLLM does."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    texts = (_part_text(part) for part in content)
    return "\n".join(text for text in texts if text)


def media_parts(content: object) -> list[object]:
    """Return the parts that are not text: images, audio, video and files."""
    if isinstance(content, str) or not isinstance(content, Sequence):
        return []
    return [part for part in content if isinstance(part, Mapping) and not _is_text(part)]


def is_only_text(content: Any) -> bool:
    """Whether a list of parts is plain text only."""
    return not isinstance(content, str) and all(
        isinstance(part, str) or (isinstance(part, Mapping) and _is_plain_text(part))
        for part in content
    )


def image_kind(part: Mapping[str, object]) -> str:
    """Return the media type of an image, if known: ``image/png``."""
    url = part.get("image_url")
    url = url.get("url") if isinstance(url, Mapping) else url
    if isinstance(url, str) and url.startswith("data:"):
        return url[5:].partition(";")[0].partition(",")[0] or "image"
    return "image"


def join_contents(first: object, second: object) -> Content:
    """Concatenate two contents: texts with an empty line between, otherwise as parts."""
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}" if first and second else first or second
    return [*_parts(first), *_parts(second)]


def text_part(text: str) -> dict[str, object]:
    """Build a text part."""
    return {"type": "text", "text": text}


def user(content: Content) -> dict[str, object]:
    """Build a user message."""
    return {"role": "user", "content": content}


def assistant(content: Content) -> dict[str, object]:
    """Build an assistant message."""
    return {"role": "assistant", "content": content}


def _parts(content: Any) -> list[object]:
    if isinstance(content, str):
        return [text_part(content)] if content else []
    return list(content or ())


def _is_text(part: Mapping[str, object]) -> bool:
    return part.get("type") in ("text", "refusal", None) and isinstance(
        part.get("text", part.get("refusal")), str
    )


def _is_plain_text(part: Mapping[str, object]) -> bool:
    return part.get("type") == "text" and part.keys() <= _PLAIN_PART and _is_text(part)


def _part_text(part: object) -> str:
    if isinstance(part, str):
        return part
    text = part.get("text", part.get("refusal")) if isinstance(part, Mapping) else None
    return text if isinstance(text, str) else ""
