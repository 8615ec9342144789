"""Simulated scan of a page: skewed, speckled and dark at one edge."""

from __future__ import annotations

import textwrap
from io import BytesIO

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT, MARGIN = 1_000, 1_414, 110  # A4 at about 120 dots per inch
PAPER, INK = 238, 40


def scanned(text: str, *, skew: float = 1.7, noise: float = 14.0, seed: int = 1) -> Image.Image:
    """Render ``text``, rotate it by ``skew`` degrees and add ``noise`` (in gray levels)."""
    page = printed(text).rotate(skew, Image.Resampling.BICUBIC, fillcolor=PAPER)
    blurred = page.filter(ImageFilter.GaussianBlur(0.8))
    random = np.random.default_rng(seed)
    grey = np.asarray(blurred, float) + random.normal(0, noise, (HEIGHT, WIDTH))
    grey -= np.linspace(0, 45, WIDTH) ** 1.2 * 0.4  # the shadow of an open lid
    speckles = random.random((HEIGHT, WIDTH)) > 0.9995
    grey[speckles] = INK
    return Image.fromarray(grey.clip(0, 255).astype(np.uint8))


def printed(text: str) -> Image.Image:
    """Render ``text`` in wrapped lines of a serif font."""
    page = Image.new("L", (WIDTH, HEIGHT), PAPER)
    face = ImageFont.truetype(font_manager.findfont("DejaVu Serif"), 21)
    paragraphs = [textwrap.fill(part, 66) for part in text.split("\n\n")]
    lines = "\n\n".join(paragraphs)
    ImageDraw.Draw(page).multiline_text((MARGIN, MARGIN), lines, INK, face, spacing=9)
    return page


def as_file(page: Image.Image, kind: str, **options: object) -> bytes:
    """Encode the page as ``PDF``, ``PNG`` or ``JPEG``."""
    file = BytesIO()
    page.save(file, kind, **options)
    return file.getvalue()
