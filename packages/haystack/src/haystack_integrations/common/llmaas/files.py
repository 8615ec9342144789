"""Conversion of files in a prompt to texts and images, the parts that the service accepts."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

import llmaas
from llmaas import adapters
from llmaas.documents import DocumentLimits

_PAGES_AHEAD = 4
_LIMITS = DocumentLimits(max_pages=100)
"""Limits per attachment: more pages exceed the context of any model."""


def expand_files(content: Any, *, render: bool = True) -> Any:
    """Convert text files in a message's content to text, and PDFs to images of their pages.

    PDFs need the extra ``ocr`` and ``render``. Other files are passed through unchanged.
    """
    if not isinstance(content, list):
        return content
    return [item for part in content for item in _expand_part(part, render)]


def _expand_part(part: Mapping[str, Any], render: bool) -> Iterator[Mapping[str, Any]]:
    part = adapters.text_file_part(part)
    file = part.get("file") if part.get("type") == "file" else None
    kind, _, data = file["file_data"].partition(";base64,") if file else ("", "", "")
    if kind == "data:application/pdf" and render and _can_render():
        yield from _render(base64.b64decode(data))
    else:
        yield part


def _can_render() -> bool:
    return find_spec("PIL") is not None and find_spec("pypdfium2") is not None


def _render(data: bytes) -> Iterator[Mapping[str, Any]]:
    from haystack_integrations.common.llmaas.pages import render_pages, take_pages

    pages = render_pages(data, _LIMITS)
    while batch := take_pages(pages, _PAGES_AHEAD):
        yield from map(llmaas.image_part, batch)
