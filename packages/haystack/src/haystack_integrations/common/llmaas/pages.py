"""Rendering of PDF pages and images for OCR models (by the core's ``llmaas.documents``)."""

from __future__ import annotations

from collections.abc import Iterator

from haystack.lazy_imports import LazyImport

from llmaas.documents import DocumentLimits

_HINT = "Run 'pip install \"llmaas-haystack[ocr]\"'"

with LazyImport(_HINT) as rendering_import:
    import pypdfium2  # noqa: F401 - checked here, used by the core
    from PIL import Image  # noqa: F401


def render_pages(data: bytes, limits: DocumentLimits | None = None) -> Iterator[bytes]:
    """Yield the pages of a PDF or image as images. Raises ``ValueError`` for other data."""
    rendering_import.check()
    from llmaas.documents import draw_pages

    yield from draw_pages(data, limits or DocumentLimits())


def take_pages(pages: Iterator[bytes], count: int) -> list[bytes]:
    """Render up to ``count`` further pages."""
    rendering_import.check()
    from llmaas.documents import take

    return take(pages, count)


def shrink_image(data: bytes) -> bytes | None:
    """Shrink an image to 70 % of its size; return None if it is too small."""
    from llmaas.documents import smaller as shrunk

    return shrunk(data)
