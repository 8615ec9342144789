"""PDF pages and images, made into what an OCR model takes: RGB, and not too large."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from haystack.lazy_imports import LazyImport

MAX_SIDE = 2048
"""Pixels of the longer side that the service's OCR guide advises (reference 3.2)."""
_SMALLEST_SIDE = 512
_READY = {"JPEG", "PNG"}
_ORIENTATION = 0x0112
"""The EXIF tag in which cameras write how they were held; models do not read it."""
_HINT = "Run 'pip install \"llmaas-haystack[ocr]\"'"

_drawing = threading.Lock()

with LazyImport(_HINT) as pillow_import:
    from PIL import Image, ImageOps
with LazyImport(_HINT) as pdf_import:
    import pypdfium2


def is_pdf(data: bytes) -> bool:
    """Whether bytes are a PDF (its mark may stand behind some junk)."""
    return b"%PDF-" in data[:1024]


def pages_of(data: bytes, *, max_side: int = MAX_SIDE) -> Iterator[bytes]:
    """Yield the pages of a PDF, or the frames of an image, as images of their own.

    ``ValueError`` for what is neither.
    """
    pillow_import.check()
    try:
        yield from _drawn(data, max_side) if is_pdf(data) else _frames(data, max_side)
    except (Image.DecompressionBombError, SyntaxError, EOFError) as error:
        raise ValueError(f"the file cannot be read: {error}") from error


def take(pages: Iterator[bytes], count: int) -> list[bytes]:
    """Draw up to so many further pages; the drawing library bears one thread at a time."""
    with _drawing:
        return list(islice(pages, count))


def smaller(data: bytes) -> bytes | None:
    """Return an image at 70 % of its size; None when it is too small for that."""
    image = Image.open(io.BytesIO(data))
    side = int(max(image.size) * 0.7)
    return None if side < _SMALLEST_SIDE else _written(_fitting(image, side))


def _drawn(data: bytes, max_side: int) -> Iterator[bytes]:
    pdf_import.check()
    try:
        with closing(pypdfium2.PdfDocument(data)) as document:
            for page in document:
                scale = max_side / (max(page.get_size()) or 1)
                yield _written(_fitting(page.render(scale=scale).to_pil(), max_side))
                page.close()
    except pypdfium2.PdfiumError as error:
        raise ValueError(f"the PDF cannot be read: {error}") from error


def _frames(data: bytes, max_side: int) -> Iterator[bytes]:
    try:
        image = Image.open(io.BytesIO(data))
    except OSError as error:
        raise ValueError("this is neither a PDF nor an image that Pillow reads") from error
    frames = getattr(image, "n_frames", 1)
    if image.format in _READY and frames == 1 and _is_fit(image, max_side):
        yield data
        return
    for number in range(frames):
        image.seek(number)
        yield _written(_fitting(image, max_side))


def _is_fit(image: Any, max_side: int) -> bool:
    is_upright = image.getexif().get(_ORIENTATION, 1) == 1
    return bool(is_upright and image.mode == "RGB" and max(image.size) <= max_side)


def _fitting(image: Any, max_side: int) -> Any:
    """Return an upright RGB copy on white, no larger than it may be."""
    image = ImageOps.exif_transpose(image)
    if image.mode in ("RGBA", "LA", "PA", "P"):
        seen = image.convert("RGBA")
        image = Image.new("RGB", seen.size, "white")
        image.paste(seen, mask=seen.getchannel("A"))
    fitting = image.convert("RGB")
    fitting.thumbnail((max_side, max_side))
    return fitting


def _written(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
