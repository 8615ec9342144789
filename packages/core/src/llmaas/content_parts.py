"""Content parts with images, audio and video: URLs, data URIs, bytes and local files."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from llmaas._errors_base import InvalidInputError
from llmaas.local_files import MAX_FILE_BYTES, read_regular_file

ImageSource: TypeAlias = str | Path | bytes

_IMAGE_STARTS = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)
_FILES = (Path, bytes, bytearray)
_ADDRESSES = ("image_url", "audio_url", "video_url")
"""Part types with a URL under the key of the same name."""

_ADDRESS = re.compile(r"(?!file:)[a-z][a-z0-9+.-]{1,20}:", re.IGNORECASE)
"""Scheme of at least two letters (``C:`` is a drive), except that of local files."""


def image_part(
    source: ImageSource, *, detail: str | None = None, max_file_bytes: int = MAX_FILE_BYTES
) -> dict[str, object]:
    """Build a content part for an image: a path, bytes, an http(s) URL or a data URI.

    Files and bytes are sent as base64 data URIs, the documented form. With the extra
    ``documents``, an image that engines would misread (rotated, transparent, 16 bits, CMYK,
    TIFF) or that exceeds 2,048 pixels is converted to an upright RGB JPEG. A string that is not
    a URL is a path of a local file, so never pass a user's text.
    """
    if isinstance(source, str) and not is_address(source):
        source = Path(source)
    return _image(source, detail, max_file_bytes)


def data_uri(data: bytes, mime_type: str) -> str:
    """Encode bytes as a base64 data URI."""
    return f"data:{mime_type};base64,{base64.b64encode(data).decode('ascii')}"


def is_address(text: str) -> bool:
    """Whether a text is a URL or a data URI, not a path of a local file."""
    return _ADDRESS.match(text) is not None


def to_wire_part(part: Mapping[str, object], max_file_bytes: int = MAX_FILE_BYTES) -> object:
    """Convert a part to the documented format; reads files that the program named by a ``Path``.

    Raises ``InvalidInputError`` for a file path given as text, and for unreadable files.
    """
    kind = part.get("type")
    if kind == "image" and "image" in part:
        return _image(part["image"], part.get("detail"), max_file_bytes)
    if kind in _ADDRESSES and kind in part:
        return _with_address(part, str(kind), max_file_bytes)
    return part


def _with_address(part: Mapping[str, object], kind: str, limit: int) -> Mapping[str, object]:
    value = part[kind]
    url = value.get("url") if isinstance(value, Mapping) else value
    if isinstance(url, str) and is_address(url):
        return part
    if kind != "image_url" and isinstance(url, Path):
        raise InvalidInputError(
            f"{kind} must be a URL or a data URI, got the path {str(url)!r}. "
            "Encode the file as a data URI."
        )
    known = value if isinstance(value, Mapping) else {}
    return {**part, kind: {**known, "url": _image_url(url, limit)}}


def holds_files(messages: Any) -> bool:
    """Whether messages contain files or bytes that have to be read."""
    if isinstance(messages, str) or not isinstance(messages, Sequence):
        return False
    for message in messages:
        if type(message) is dict and type(message.get("content")) is str:
            continue  # nearly all of a long conversation
        if isinstance(message, Mapping) and _holds_files(message.get("content")):
            return True
    return False


def _holds_files(content: object) -> bool:
    parts = content if isinstance(content, list | tuple) else ()
    return any(isinstance(_source_in(part), _FILES) for part in parts if isinstance(part, Mapping))


def _source_in(part: Mapping[str, object]) -> object:
    value = part.get("image" if part.get("type") == "image" else str(part.get("type")))
    return value.get("url") if isinstance(value, Mapping) else value


def holds_images(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether normalized messages contain an image."""
    return any(
        isinstance(part, Mapping) and part.get("type") == "image_url"
        for message in messages
        if isinstance(message.get("content"), list | tuple)
        for part in message["content"]
    )


def _image(source: object, detail: object, limit: int) -> dict[str, object]:
    url: dict[str, object] = {"url": _image_url(source, limit)}
    if detail is not None:
        url["detail"] = detail
    return {"type": "image_url", "image_url": url}


def _image_url(source: object, limit: int) -> str:
    if isinstance(source, bytes | bytearray):
        data = _for_chat(bytes(source))
        return data_uri(data, image_type(data))
    if isinstance(source, Path):
        return _image_url(_read(source, limit), limit)
    if not isinstance(source, str):
        kind = type(source).__name__
        raise InvalidInputError(f"image must be a URL, a data URI, bytes or a Path, got {kind}")
    if is_address(source):
        return source
    shown = source if len(source) <= 100 else source[:100] + "..."
    raise InvalidInputError(
        f"image must be a URL (https://...) or a data URI, got {shown!r}. "
        "To send a local file, pass pathlib.Path(...) or image_part(...)."
    )


def _read(path: Path, limit: int) -> bytes:
    try:
        return read_regular_file(path, limit)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(f"image {str(path)!r} cannot be read: {reason}") from error


def _for_chat(data: bytes) -> bytes:
    """Convert an image for models if Pillow is installed; a damaged image stays as is."""
    if find_spec("PIL") is None:
        return data
    from llmaas.documents.images import UnreadableImageError, for_chat

    try:
        return for_chat(data)
    except UnreadableImageError:
        return data  # the engine may be able to read it
    except ValueError as error:
        raise InvalidInputError(str(error)) from error


def image_type(data: bytes) -> str:
    """Detect the media type of an image; raise ``InvalidInputError`` for unsupported formats."""
    for start, mime_type in _IMAGE_STARTS:
        if data.startswith(start):
            return mime_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    raise InvalidInputError(
        f"image must be a PNG, JPEG, GIF, BMP or WebP file, got bytes {data[:8]!r}. Install "
        "llmaas[documents] for other formats; render PDF pages with llmaas.documents.draw_pages."
    )
