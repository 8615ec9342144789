"""Limits for untrusted files, which can expand to gigabytes or have thousands of pages."""

from __future__ import annotations

from dataclasses import dataclass

FORMATS = (
    "JPEG", "MPO", "PNG", "TIFF", "GIF", "WEBP", "BMP", "JPEG2000", "AVIF", "HEIF", "PPM", "ICO",
    "TGA",
)  # fmt: skip
"""Image formats that Pillow decodes itself. Not EPS, for which it runs Ghostscript."""


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Limits of a file.

    ``max_side`` is the longer side of a page in pixels, as the service advises for OCR.
    ``max_pixels`` is checked before an image is decoded (64 million: A4 at 600 dpi, in color
    about 200 MB). ``formats`` are Pillow's names of image formats.
    """

    max_side: int = 2_048
    max_pixels: int = 64_000_000
    max_pages: int = 500
    formats: tuple[str, ...] = FORMATS


LIMITS = DocumentLimits()
"""Default limits."""
