"""Conversion of images of any kind to upright RGB images that look the same."""

from __future__ import annotations

import io
import math
import warnings
from typing import cast

from llmaas.documents.limits import LIMITS, DocumentLimits

_WEB = frozenset({"JPEG", "PNG", "GIF", "WEBP", "BMP"})
_EIGHT_BITS = frozenset({"RGB", "L", "P", "1"})
_PATCH = 28
"""Side of a patch in pixels, the unit of vision models: smaller images need no conversion."""
_SMALLEST_SIDE = 512
_ORIENTATION = 0x0112
"""EXIF tag with the orientation of the camera; models do not read it."""
_PHOTOMETRIC = 262  # TIFF: 0 means that white is zero
_LIGHT = 224
"""Mean gray above which a transparent drawing would be invisible on white."""

try:
    from PIL import Image, ImageOps
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "Pillow is not installed: pip install 'llmaas[documents]'", name="PIL"
    ) from error


class UnreadableImageError(ValueError):
    """File that is not an image, or a damaged image."""


def open_image(data: bytes, limits: DocumentLimits = LIMITS) -> Image.Image:
    """Open a ``PIL.Image`` without decoding it.

    Raises ``ValueError`` if it is not an image of ``limits.formats``, or too large.
    """
    Image.init()
    formats = [name for name in limits.formats if name in Image.OPEN]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError as error:
        raise ValueError(f"the image is too large: {error}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadableImageError("the file is not an image that can be read") from error
    check_size(image, limits)
    return image


def check_size(image: Image.Image, limits: DocumentLimits) -> None:
    """Raise ``ValueError`` for an image with more than ``limits.max_pixels`` pixels."""
    width, height = image.size
    if width * height > limits.max_pixels:
        raise ValueError(
            f"the image has {width} x {height} pixels, over max_pixels={limits.max_pixels:,}"
        )


def is_plain(image: Image.Image, max_side: int) -> bool:
    """Whether an image can be sent unchanged: RGB, opaque, upright and not too large."""
    is_upright = image.getexif().get(_ORIENTATION, 1) == 1
    is_opaque = "transparency" not in image.info
    return bool(is_upright and is_opaque and image.mode == "RGB" and max(image.size) <= max_side)


def for_chat(data: bytes, limits: DocumentLimits = LIMITS) -> bytes:
    """Convert an image that models would misread to an upright RGB JPEG; return others unchanged.

    Raises ``ValueError`` if it is not an image, exceeds the limits, or has several pages.
    """
    image = open_image(data, limits)
    pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    if pages > 1:
        raise ValueError(
            f"the image has {pages} pages: send each one separately (llmaas.documents.draw_pages)"
        )
    try:
        if _is_read_correctly(image, limits.max_side):
            return data
        return to_jpeg(to_rgb(image, limits.max_side))
    except (SyntaxError, EOFError, OSError, MemoryError) as error:
        raise UnreadableImageError(f"the image cannot be read: {error}") from error


def _is_read_correctly(image: Image.Image, max_side: int) -> bool:
    """Whether the image looks the same after engines have converted it to RGB."""
    if max(image.size) < _PATCH:
        return image.format in _WEB
    if image.format not in _WEB or max(image.size) > max_side:
        return False
    if image.getexif().get(_ORIENTATION, 1) != 1:
        return False
    if image.mode == "RGBA":
        return _extremes(image.getchannel("A"))[0] == 255
    return image.mode in _EIGHT_BITS and "transparency" not in image.info


def to_rgb(image: Image.Image, max_side: int) -> Image.Image:
    """Create an upright RGB copy with sides of at most ``max_side`` pixels.

    Gray values of more than 8 bits are scaled; transparency gets a contrasting background.
    """
    if image.format in ("JPEG", "MPO") and image.mode in ("L", "RGB"):
        image.draft(image.mode, (max_side, max_side))  # decodes large photographs at a fraction
    is_negative = _white_is_zero(image)  # before the transposition, whose result has no TIFF tags
    upright = ImageOps.exif_transpose(image)
    flat = _add_background(upright) if _is_transparent(upright) else _convert_to_rgb(upright)
    flat = ImageOps.invert(flat) if is_negative else flat
    flat.thumbnail((max_side, max_side))
    return flat


def to_jpeg(image: Image.Image) -> bytes:
    """Encode an RGB image as JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def smaller(data: bytes) -> bytes | None:
    """Shrink an image to 70 % of its size; None if it is too small for that."""
    image = open_image(data)
    side = int(max(image.size) * 0.7)
    return None if side < _SMALLEST_SIDE else to_jpeg(to_rgb(image, side))


def _convert_to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        return _to_eight_bits(image).convert("RGB")
    if image.mode == "LAB":
        return _from_lab(image)
    return image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale gray values to 8 bits; Pillow's conversion would clip them at 255."""
    deep = image if image.mode == "F" else image.convert("I")
    low, high = (value if math.isfinite(value) else 0 for value in _extremes(deep))
    low, high = min(low, 0), _white_value(high)
    scale = 255 / ((high - low) or 1)
    return deep.point(lambda value: value * scale + -low * scale).convert("L")


def _extremes(gray: Image.Image) -> tuple[float, float]:
    """Return the lowest and the highest value of an image with one channel."""
    return cast("tuple[float, float]", gray.getextrema())


def _white_value(highest: float) -> float:
    """Compute the value of white: 1 for fractions, else the maximum of the bit depth in use."""
    if highest <= 1:
        return 1
    return float(2 ** max(8, math.ceil(math.log2(highest + 1))) - 1)


def _white_is_zero(image: Image.Image) -> bool:
    tags = getattr(image, "tag_v2", None)
    return bool(tags and image.mode.startswith("I;16") and tags.get(_PHOTOMETRIC) == 0)


def _is_transparent(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info


def _add_background(image: Image.Image) -> Image.Image:
    """Put a transparent image on white, or on black if it is drawn in light colors."""
    if image.mode.startswith("I") or image.mode == "F":
        return _convert_to_rgb(image)
    seen = image.convert("RGBA")
    alpha = seen.getchannel("A")
    counts = seen.convert("L").histogram(mask=alpha.point(lambda value: 255 * (value > 127)))
    mean = sum(value * count for value, count in enumerate(counts)) / (sum(counts) or 1)
    has_holes = _extremes(alpha)[0] < 128
    ground = Image.new("RGB", seen.size, "black" if has_holes and mean > _LIGHT else "white")
    ground.paste(seen, mask=alpha)
    return ground


def _from_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    assert converted is not None  # None only for inPlace=True
    return converted
