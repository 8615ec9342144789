"""Rendering of PDF and TIFF pages as images for models."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

from llmaas.documents.images import check_size, is_plain, open_image, to_jpeg, to_rgb
from llmaas.documents.limits import LIMITS, DocumentLimits

if TYPE_CHECKING:
    import pypdfium2
    from PIL import Image

_UNCHANGED_FORMATS = {"JPEG", "PNG"}
_PREVIEW = 254  # TIFF's NewSubfileType: bit 0 is set for a smaller version of another page
_drawing = threading.Lock()


def is_pdf(data: bytes) -> bool:
    """Whether bytes are a PDF (the signature may follow other bytes)."""
    return b"%PDF-" in data[:1024]


def draw_pages(data: bytes, limits: DocumentLimits = LIMITS) -> Iterator[bytes]:
    """Yield the pages of a PDF or TIFF, or an image, each as a JPEG or PNG file.

    PDF forms are rendered with the values of their fields. Raises ``ValueError`` if the file is
    neither, or exceeds the limits.
    """
    try:
        yield from _draw_pdf(data, limits) if is_pdf(data) else _draw_image(data, limits)
    except (SyntaxError, EOFError, OSError, MemoryError) as error:
        raise ValueError(f"the file cannot be read: {error}") from error


def take(drawn: Iterator[bytes], count: int) -> list[bytes]:
    """Draw up to ``count`` further pages. Serialized: PDFium is not thread-safe."""
    with _drawing:
        return list(islice(drawn, count))


def _draw_pdf(data: bytes, limits: DocumentLimits) -> Iterator[bytes]:
    try:
        import pypdfium2
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "pypdfium2 is not installed: pip install 'llmaas[documents]'", name="pypdfium2"
        ) from error
    try:
        with closing(pypdfium2.PdfDocument(data)) as document:
            _check_count(len(document), limits)
            document.init_forms()  # before any page is opened: otherwise fields are drawn empty
            for number in range(len(document)):
                with closing(document[number]) as page:
                    yield to_jpeg(to_rgb(_render(page, limits), limits.max_side))
    except pypdfium2.PdfiumError as error:
        raise ValueError(f"the PDF cannot be read: {error}") from error


def _render(page: pypdfium2.PdfPage, limits: DocumentLimits) -> Image.Image:
    width, height = page.get_size()
    scale = limits.max_side / (max(width, height) or 1)
    image: Image.Image = page.render(scale=scale).to_pil()
    return image


def _draw_image(data: bytes, limits: DocumentLimits) -> Iterator[bytes]:
    image = open_image(data, limits)
    count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    _check_count(count, limits)
    if count == 1 and image.format in _UNCHANGED_FORMATS and is_plain(image, limits.max_side):
        yield data
        return
    for number in range(count):
        image.seek(number)
        check_size(image, limits)
        if number and getattr(image, "tag_v2", {}).get(_PREVIEW, 0) & 1:
            continue
        yield to_jpeg(to_rgb(image, limits.max_side))


def _check_count(count: int, limits: DocumentLimits) -> None:
    if count > limits.max_pages:
        raise ValueError(f"the file has {count:,} pages, over max_pages={limits.max_pages:,}")
