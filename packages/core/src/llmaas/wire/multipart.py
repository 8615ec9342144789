"""Files as ``multipart/form-data``."""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from llmaas.documents.audio import audio_suffix
from llmaas.local_files import MAX_FILE_BYTES, read_regular_file

AudioSource: TypeAlias = str | Path | bytes | BinaryIO | tuple[str, bytes]

_TYPES = {
    ".aac": "audio/aac",
    ".aiff": "audio/aiff",
    ".amr": "audio/amr",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
}
"""By hand where the tables of operating systems differ."""


def read_file(source: AudioSource, limit: int = MAX_FILE_BYTES) -> tuple[str, bytes]:
    """Return name and bytes of a path, bytes, an open file or a ``(name, bytes)`` pair.

    Raises ``OSError`` or ``ValueError`` when a path cannot be read, ``TypeError`` for anything
    else.
    """
    if isinstance(source, tuple):
        name, data = source
        return str(name), bytes(data)
    if isinstance(source, bytes | bytearray):
        return guess_file_name(bytes(source)), bytes(source)
    if isinstance(source, str | Path):
        path = Path(source)
        return path.name, read_regular_file(path, limit)
    data = source.read()
    if not isinstance(data, bytes):
        raise TypeError("the file must be open for reading bytes")
    label = getattr(source, "name", None)
    return (Path(label).name if isinstance(label, str) else guess_file_name(data)), data


def guess_file_name(data: bytes) -> str:
    """Return a file name whose ending fits the bytes: servers go by it."""
    return f"audio{audio_suffix(data) or '.wav'}"


def multipart(fields: Mapping[str, Any], name: str, data: bytes) -> tuple[bytes, str]:
    """Return a form's body and content type.

    The boundary is random and occurs in no part: a sender of the file or of a prompt who could
    compute it would add fields of their own.
    """
    boundary = _boundary(name, data, fields)
    parts = [_field(boundary, key, str(value)) for key, value in fields.items()]
    head = (
        f'--{boundary}\r\ncontent-disposition: form-data; name="file"; '
        f'filename="{_quoted(name)}"\r\n'
        f"content-type: {_media_type(name)}\r\n\r\n"
    )
    body = b"".join(parts) + _bytes(head) + data + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def _boundary(name: str, data: bytes, fields: Mapping[str, Any]) -> str:
    told = _bytes(name + "".join(map(str, fields.values())))
    while True:
        boundary = secrets.token_hex(16)
        if boundary.encode() not in data and boundary.encode() not in told:
            return boundary


def _field(boundary: str, key: str, value: str) -> bytes:
    head = f'--{boundary}\r\ncontent-disposition: form-data; name="{_quoted(key)}"\r\n\r\n'
    return _bytes(f"{head}{value}\r\n")


def _quoted(name: str) -> str:
    """Return a name that ends neither its quotes nor its line."""
    return name.replace('"', "'").replace("\r", " ").replace("\n", " ")


def _bytes(text: str) -> bytes:
    """Encode; what is no Unicode (a file's name may hold such bytes) becomes ``?``."""
    return text.encode("utf-8", "replace")


def _media_type(name: str) -> str:
    ending = Path(name).suffix.lower()
    return _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
