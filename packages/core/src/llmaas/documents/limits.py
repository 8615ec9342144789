"""Limits on files of strangers: small files can unpack to gigabytes or hold thousands of pages."""

from __future__ import annotations

from dataclasses import dataclass

FORMATS = (
    "JPEG", "MPO", "PNG", "TIFF", "GIF", "WEBP", "BMP", "JPEG2000", "AVIF", "HEIF", "PPM", "ICO",
    "TGA",
)  # fmt: skip
"""Image formats that Pillow decodes by itself. EPS is not among them: it runs Ghostscript."""


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """What a file may hold at most.

    ``max_side`` is the longer side of a page in pixels, as the service advises for OCR.
    ``max_pixels`` bounds an image before it is decoded (64 million: A4 at 600 dpi, in color
    about 200 MB). ``formats`` are Pillow's names of image formats.
    """

    max_side: int = 2_048
    max_pixels: int = 64_000_000
    max_pages: int = 500
    formats: tuple[str, ...] = FORMATS


LIMITS = DocumentLimits()
"""The defaults."""
