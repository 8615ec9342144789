"""Content parts with images, sound and films: addresses, data URIs, bytes and local files."""

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
"""Types of parts whose value of that name holds an address."""

_ADDRESS = re.compile(r"(?!file:)[a-z][a-z0-9+.-]{1,20}:", re.IGNORECASE)
"""A scheme of two letters at least (``C:`` is a drive), and not that of local files."""


def image_part(
    source: ImageSource, *, detail: str | None = None, max_file_bytes: int = MAX_FILE_BYTES
) -> dict[str, Any]:
    """Build a content part for an image: a path, bytes, an http(s) URL or a data URI.

    Files and bytes travel as base64 data URIs, the form that the service documents. With the
    extra ``documents``, an image that engines would misread (turned, transparent, 16 bits, CMYK,
    TIFF) or that is over 2,048 pixels becomes an upright RGB JPEG. A string that is not an
    address names a local file here: never pass a user's text.
    """
    if isinstance(source, str) and not is_address(source):
        source = Path(source)
    return _image(source, detail, max_file_bytes)


def data_uri(data: bytes, mime_type: str) -> str:
    """Return bytes as a base64 data URI."""
    return f"data:{mime_type};base64,{base64.b64encode(data).decode('ascii')}"


def is_address(text: str) -> bool:
    """Tell whether a text is an address or a data URI, not the name of a local file."""
    return _ADDRESS.match(text) is not None


def to_wire_part(part: Mapping[str, Any], max_file_bytes: int = MAX_FILE_BYTES) -> Any:
    """Return a part as the service documents it; raise ``InvalidInputError`` for a file's name.

    Reads the files that the program named by a ``Path``.
    """
    kind = part.get("type")
    if kind == "image" and "image" in part:
        return _image(part["image"], part.get("detail"), max_file_bytes)
    if kind in _ADDRESSES and kind in part:
        return _with_address(part, str(kind), max_file_bytes)
    return part


def _with_address(part: Mapping[str, Any], kind: str, limit: int) -> Mapping[str, Any]:
    value = part[kind]
    url = value.get("url") if isinstance(value, Mapping) else value
    if isinstance(url, str) and is_address(url):
        return part
    if kind != "image_url" and isinstance(url, Path):
        raise InvalidInputError(
            f"{kind} must be an address or a data URI: send sound and films as those"
        )
    known = value if isinstance(value, Mapping) else {}
    return {**part, kind: {**known, "url": _image_url(url, limit)}}


def holds_files(messages: Any) -> bool:
    """Tell whether messages hold files or bytes that are still to be read."""
    if isinstance(messages, str) or not isinstance(messages, Sequence):
        return False
    for message in messages:
        if type(message) is dict and type(message.get("content")) is str:
            continue  # nearly all of a long conversation
        if isinstance(message, Mapping) and _holds_files(message.get("content")):
            return True
    return False


def _holds_files(content: Any) -> bool:
    parts = content if isinstance(content, list | tuple) else ()
    return any(isinstance(_source_in(part), _FILES) for part in parts if isinstance(part, Mapping))


def _source_in(part: Mapping[str, Any]) -> Any:
    value = part.get("image" if part.get("type") == "image" else str(part.get("type")))
    return value.get("url") if isinstance(value, Mapping) else value


def holds_images(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether normalized messages hold an image."""
    return any(
        isinstance(part, Mapping) and part.get("type") == "image_url"
        for message in messages
        if isinstance(message.get("content"), list | tuple)
        for part in message["content"]
    )


def _image(source: Any, detail: Any, limit: int) -> dict[str, Any]:
    url: dict[str, Any] = {"url": _image_url(source, limit)}
    if detail is not None:
        url["detail"] = detail
    return {"type": "image_url", "image_url": url}


def _image_url(source: Any, limit: int) -> str:
    if isinstance(source, bytes | bytearray):
        data = _for_chat(bytes(source))
        return data_uri(data, image_type(data))
    if isinstance(source, Path):
        return _image_url(_read(source, limit), limit)
    if not isinstance(source, str):
        kind = type(source).__name__
        raise InvalidInputError(
            f"an image must be an address, a data URI, bytes or a Path, not {kind}"
        )
    if is_address(source):
        return source
    shown = source if len(source) <= 100 else source[:100] + "..."
    raise InvalidInputError(
        f"an image must be an address (https://...) or a data URI, got {shown!r}. "
        "To send a local file, pass pathlib.Path(...) or image_part(...)."
    )


def _read(path: Path, limit: int) -> bytes:
    try:
        return read_regular_file(path, limit)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(f"the image {str(path)!r} cannot be read: {reason}") from error


def _for_chat(data: bytes) -> bytes:
    """Return an image as models read it, where Pillow is there; a damaged one as it is."""
    if find_spec("PIL") is None:
        return data
    from llmaas.documents.images import UnreadableImageError, for_chat

    try:
        return for_chat(data)
    except UnreadableImageError:
        return data  # the engine may be able to
    except ValueError as error:
        raise InvalidInputError(str(error)) from error


def image_type(data: bytes) -> str:
    """Return the media type of an image by its bytes; raise ``InvalidInputError`` for others."""
    for start, mime_type in _IMAGE_STARTS:
        if data.startswith(start):
            return mime_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    raise InvalidInputError(
        "the image is not a PNG, JPEG, GIF, BMP or WebP file: other formats need the extra "
        "llmaas[documents], and PDF pages must be drawn (llmaas.documents.draw_pages)"
    )
