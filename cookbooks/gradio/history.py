"""Conversion of Gradio's chat history to API messages."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reply import HEARD


def is_image(path: str) -> bool:
    """Distinguish images from audio files, which browsers also save as ``video/webm``."""
    return (mimetypes.guess_type(path)[0] or "").startswith("image/")


def user_message(text: str, images: Sequence[str]) -> dict[str, Any]:
    """Build a message with images. The client sends files as data URIs."""
    if not images:
        return {"role": "user", "content": text}
    parts: list[dict[str, Any]] = [{"type": "image", "image": Path(image)} for image in images]
    return {"role": "user", "content": [{"type": "text", "text": text or "?"}, *parts]}


def conversation(history: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Convert the history. Reasoning and costs are omitted, audio becomes its transcript."""
    messages: list[dict[str, Any]] = []
    for entry in history:
        title = (entry.get("metadata") or {}).get("title")
        text, images = _text(entry), _images(entry)
        if title == HEARD or (not title and entry["role"] == "user"):
            messages.append(user_message(text, images))
        elif not title and text:
            messages.append({"role": "assistant", "content": text})
    return [message for message in messages if message["content"]]


def has_images(messages: Iterable[Mapping[str, Any]]) -> bool:
    """Check whether the messages require a model with vision."""
    return any(isinstance(message["content"], list) for message in messages)


def _parts(entry: Mapping[str, Any]) -> list[Any]:
    content = entry["content"]
    return content if isinstance(content, list) else [content]


def _text(entry: Mapping[str, Any]) -> str:
    texts = (p if isinstance(p, str) else p.get("text") for p in _parts(entry))
    return "\n\n".join(text for text in texts if text)


def _images(entry: Mapping[str, Any]) -> list[str]:
    files = (
        part["file"]["path"] for part in _parts(entry) if isinstance(part, dict) and "file" in part
    )
    return [path for path in files if is_image(path)]
