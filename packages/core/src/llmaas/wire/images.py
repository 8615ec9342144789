"""Parsing of image generation responses."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from llmaas.types import Image
from llmaas.wire.json_codec import loads

_LONGEST_ERROR = 300
_PADDING = "==="
_URL_SAFE = str.maketrans("-_", "+/")


def read_images(data: bytes) -> list[Image]:
    """Parse the images of a body; an invalid one among several has an ``error``.

    Raises ``ValueError`` for a body without any image.
    """
    body = loads(data)
    images = [_image_or_error(entry) for entry in body["data"]]
    if not images:
        raise ValueError("it contains no image")
    errors = [image.error for image in images if image.error is not None]
    if len(errors) == len(images):
        raise errors[0]
    return images


def _image_or_error(entry: object) -> Image:
    try:
        return _image(entry)
    except ValueError as error:
        return Image(error=error)


def _image(entry: object) -> Image:
    """Parse an image. Gateways send data URIs in either field and URLs in ``b64_json``."""
    if not isinstance(entry, Mapping):
        raise ValueError("an image is not an object")
    if error := entry.get("error"):
        detail = error.get("message") if isinstance(error, Mapping) else error
        raise ValueError(f"an image was not generated: {str(detail)[:_LONGEST_ERROR]}")
    text = entry.get("b64_json") or entry.get("url")
    if not isinstance(text, str) or not text:
        raise ValueError("it contains no image")
    if text.startswith(("http://", "https://")):
        return Image(url=text)
    if text.startswith("data:"):
        head, _, text = text.partition(",")
        if not head.endswith(";base64"):
            raise ValueError("an image is a data URI without base64")
    elif not entry.get("b64_json"):
        return Image(url=text)
    return Image(data=_decode(text), url=None)


def _decode(text: str) -> bytes:
    """Decode base64 strictly; characters that a lax decoder skips would damage the image."""
    plain = "".join(text.split()).rstrip("=").translate(_URL_SAFE)
    padded = plain + _PADDING[: -len(plain) % 4]
    try:
        if data := base64.b64decode(padded, validate=True):
            return data
    except ValueError:
        pass
    raise ValueError("an image is not base64")
