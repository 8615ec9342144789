"""Generated sample files: deep scans, photographs, forms, audio without a name.

One corpus for whatever reads files: OCR, attachments of chats, transcription, the cookbooks.
Each picture shows a dark bar on light paper; ``contrast`` tells whether it is still there.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageCms

WIDTH, HEIGHT = 600, 400


def grey(dtype: type, dark: float, light: float) -> np.ndarray:
    """Return a page with a dark bar in its upper half."""
    page: Any = np.full((HEIGHT, WIDTH), light, dtype)
    page[100:200, 100:500] = dark
    return page  # type: ignore[no-any-return]


def file(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return an image as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def rgb() -> Image.Image:
    """Return the page in 8 bits."""
    return Image.fromarray(grey(np.uint8, 10, 240)).convert("RGB")


def lab() -> Image.Image:
    """Return the page in the LAB color space."""
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    page: Any = ImageCms.profileToProfile(rgb(), *profiles, outputMode="LAB")
    return page  # type: ignore[no-any-return]


def transparent(*, light: bool) -> Image.Image:
    """Return only the bar's outline drawn, dark or light, on nothing."""
    ink = grey(np.uint8, 0, 0) + (255 if light else 0)
    alpha = grey(np.uint8, 255, 0)
    return Image.merge("LA", (Image.fromarray(ink), Image.fromarray(alpha)))


def lying() -> bytes:
    """Return a photograph with an orientation tag."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return file(rgb().rotate(90, expand=True), "JPEG", exif=exif)


IMAGES: dict[str, Callable[[], bytes]] = {
    "png rgb": lambda: file(rgb(), "PNG"),
    "png 1 bit": lambda: file(rgb().convert("1"), "PNG"),
    "png 16 bit": lambda: file(Image.fromarray(grey(np.uint16, 3_000, 60_000)), "PNG"),
    "png 12 of 16 bit": lambda: file(Image.fromarray(grey(np.uint16, 200, 4_000)), "PNG"),
    "png palette": lambda: file(rgb().convert("P"), "PNG"),
    "png palette with transparency": lambda: file(rgb().convert("P"), "PNG", transparency=255),
    "png rgb with transparency": lambda: file(rgb(), "PNG", transparency=(1, 2, 3)),
    "tiff 16 bit": lambda: file(Image.fromarray(grey(np.uint16, 3_000, 60_000)), "TIFF"),
    "tiff 32 bit": lambda: file(Image.fromarray(grey(np.int32, 3_000, 60_000)), "TIFF"),
    "tiff 32 bit deep": lambda: file(Image.fromarray(grey(np.int32, 9**8, 2**30)), "TIFF"),
    "tiff 32 bit signed": lambda: file(Image.fromarray(grey(np.int32, -9_000, 9_000)), "TIFF"),
    "tiff float shares": lambda: file(Image.fromarray(grey(np.float32, 0.1, 0.95)), "TIFF"),
    "tiff float bytes": lambda: file(Image.fromarray(grey(np.float32, 12.5, 240.0)), "TIFF"),
    "tiff cmyk": lambda: file(rgb().convert("CMYK"), "TIFF"),
    "tiff lab": lambda: file(lab(), "TIFF"),
    "jpeg grey": lambda: file(rgb().convert("L"), "JPEG"),
    "jpeg cmyk": lambda: file(rgb().convert("CMYK"), "JPEG"),
    "jpeg lying": lying,
    "mpo of a phone": lambda: file(rgb(), "MPO", save_all=True, append_images=[rgb()]),
    "gif moving": lambda: file(rgb(), "GIF", save_all=True, append_images=[rgb().rotate(180)]),
    "webp": lambda: file(rgb(), "WEBP"),
    "bmp": lambda: file(rgb(), "BMP"),
    "png dark on nothing": lambda: file(transparent(light=False), "PNG"),
}
"""Each is one page: a dark bar at (300, 150), light paper at (10, 10)."""


def contrast(data: bytes) -> int:
    """Return how much lighter the paper is than the bar, of 255."""
    image = Image.open(io.BytesIO(data)).convert("L")
    width, height = image.size
    bar: Any = image.getpixel((width // 2, int(height * 0.375)))
    paper: Any = image.getpixel((width // 60, height // 40))
    return int(paper - bar)


def form(value: bytes = b"IBAN FR76 3000") -> bytes:
    """Return a PDF whose only ink is what was typed into its field."""
    look = b"BT /F 40 Tf 0 g 10 20 Td (%s) Tj ET" % value
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/DR<</Font<</F 6 0 R>>>>>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 200]/Annots[4 0 R]/Resources<<>>>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(iban)/V(%s)/F 4/Rect[20 60 480 140]"
        b"/DA(/F 40 Tf 0 g)/AP<</N 5 0 R>>/P 3 0 R>>" % value,
        b"<</Type/XObject/Subtype/Form/BBox[0 0 460 80]/Resources<</Font<</F 6 0 R>>>>"
        b"/Length %d>>stream\n%s\nendstream" % (len(look), look),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    return pdf(objects)


def blank(pages: int) -> bytes:
    """Return a PDF of so many empty pages: a few bytes each."""
    kids = b" ".join(b"%d 0 R" % (n + 3) for n in range(pages))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    count = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages)
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", count, *[page] * pages])


def pdf(objects: list[bytes]) -> bytes:
    """Return a PDF of numbered objects; the first is its root."""
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    start, size = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, start)


def ink(data: bytes) -> int:
    """Return how many pixels are dark."""
    return int((np.asarray(Image.open(io.BytesIO(data)).convert("L")) < 100).sum())


TEXTS = {
    "utf-8": "r\u00e9sum\u00e9 \u20ac",
    "utf-8-sig": "r\u00e9sum\u00e9 \u20ac",
    "utf-16": "r\u00e9sum\u00e9 \u20ac",
    "utf-16-le": "r\u00e9sum\u00e9 \u20ac",
    "utf-16-be": "r\u00e9sum\u00e9 \u20ac",
    "utf-32": "r\u00e9sum\u00e9 \u20ac",
    "cp1252": "r\u00e9sum\u00e9 \u20ac",
    "latin-1": "r\u00e9sum\u00e9",
}
"""Encodings, and a text that each can hold."""

_ID3 = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)
AUDIO = {
    ".mp3": [b"\xff\xfb\x90\x64", b"\xff\xfa\x90\x64", b"\xff\xf3\x40\xc4", b"\xff\xf2\x40\xc4",
             b"\xff\xe3\x40\xc4", _ID3 + b"\xff\xfb\x90\x64", _ID3],
    ".aac": [b"\xff\xf1\x50\x80", b"\xff\xf9\x50\x80", b"\xff\xf0\x50\x80", b"ADIF",
             _ID3 + b"\xff\xf1\x50\x80"],
    ".aiff": [b"FORM\0\0\0\0AIFF", b"FORM\0\0\0\0AIFC"],
    ".amr": [b"#!AMR\n", b"#!AMR-WB\n"],
    ".flac": [b"fLaC\0\0\0\x22"],
    ".ogg": [b"OggS\0\x02"],
    ".m4a": [b"\0\0\0\x20ftypM4A ", b"\0\0\0\x1cftypisom"],
    ".webm": [b"\x1aE\xdf\xa3\x9fB\x86"],
    ".wav": [b"RIFF\0\0\0\0WAVEfmt ", b"RF64\xff\xff\xff\xffWAVE"],
}  # fmt: skip
"""First bytes of recordings, by the ending that servers want to see."""

WAV = (
    b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
    b"data\x08\0\0\0" + bytes(8)
)
"""A recording of four samples of silence."""
