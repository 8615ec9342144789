"""Conversion of files in a prompt to texts and images, the parts that the service accepts."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from llmaas import image_part
from llmaas.adapters import decode_text
from llmaas.documents import DocumentLimits

_PAGES_AHEAD = 4
_LIMITS = DocumentLimits(max_pages=100)
"""Limits per attachment: more pages exceed the context of any model."""
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/yaml")


def expand_files(content: Any, *, render: bool = True) -> Any:
    """Convert text files in a message's content to text, and PDFs to images of their pages.

    PDFs need the extra ``ocr`` and ``render``. Other files are passed through unchanged.
    """
    if not isinstance(content, list):
        return content
    return [item for part in content for item in _expand_part(part, render)]


def _expand_part(part: Mapping[str, Any], render: bool) -> Iterator[Mapping[str, Any]]:
    file = part.get("file") if part.get("type") == "file" else None
    if file is None:
        yield part
        return
    kind, _, data = file["file_data"].removeprefix("data:").partition(";base64,")
    if kind.startswith(_TEXT_TYPES):
        text = decode_text(base64.b64decode(data))[0]
        yield {"type": "text", "text": f"{file['filename']}:\n{text}"}
    elif kind == "application/pdf" and render and _can_render():
        yield from _render(base64.b64decode(data))
    else:
        yield part


def _can_render() -> bool:
    return find_spec("PIL") is not None and find_spec("pypdfium2") is not None


def _render(data: bytes) -> Iterator[Mapping[str, Any]]:
    from haystack_integrations.common.llmaas.pages import render_pages, take_pages

    pages = render_pages(data, _LIMITS)
    while batch := take_pages(pages, _PAGES_AHEAD):
        yield from map(image_part, batch)
