"""PDF pages and images as an OCR model takes them (the core's ``llmaas.documents``)."""

from __future__ import annotations

from collections.abc import Iterator

from haystack.lazy_imports import LazyImport

from llmaas.documents import DocumentLimits

_HINT = "Run 'pip install \"llmaas-haystack[ocr]\"'"

with LazyImport(_HINT) as drawing_import:
    import pypdfium2  # noqa: F401 - asked for here, used by the core
    from PIL import Image  # noqa: F401


def pages_of(data: bytes, limits: DocumentLimits | None = None) -> Iterator[bytes]:
    """Yield the pages of a PDF, or of an image, as images; ``ValueError`` for what is neither."""
    drawing_import.check()
    from llmaas.documents import draw_pages

    yield from draw_pages(data, limits or DocumentLimits())


def take(pages: Iterator[bytes], count: int) -> list[bytes]:
    """Draw up to so many further pages."""
    drawing_import.check()
    from llmaas.documents import take as drawn

    return drawn(pages, count)


def smaller(data: bytes) -> bytes | None:
    """Return an image at 70 % of its size; None when it is too small for that."""
    from llmaas.documents import smaller as shrunk

    return shrunk(data)
