"""PDF pages and images as an OCR model takes them (the core's ``llmaas.documents``)."""

from __future__ import annotations

from collections.abc import Iterator

from haystack.lazy_imports import LazyImport

from llmaas.documents import DocumentLimits

_HINT = "Run 'pip install \"llmaas-haystack[ocr]\"'"

with LazyImport(_HINT) as rendering_import:
    import pypdfium2  # noqa: F401 - asked for here, used by the core
    from PIL import Image  # noqa: F401


def render_pages(data: bytes, limits: DocumentLimits | None = None) -> Iterator[bytes]:
    """Yield the pages of a PDF, or of an image, as images; ``ValueError`` for what is neither."""
    rendering_import.check()
    from llmaas.documents import draw_pages

    yield from draw_pages(data, limits or DocumentLimits())


def take_pages(pages: Iterator[bytes], count: int) -> list[bytes]:
    """Draw up to so many further pages."""
    rendering_import.check()
    from llmaas.documents import take as drawn

    return drawn(pages, count)


def shrink_image(data: bytes) -> bytes | None:
    """Return an image at 70 % of its size; None when it is too small for that."""
    from llmaas.documents import smaller as shrunk

    return shrunk(data)
