"""Encoding of files as ``multipart/form-data``."""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias

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
"""Types that differ between the tables of operating systems."""


def read_file(source: AudioSource, limit: int = MAX_FILE_BYTES) -> tuple[str, bytes]:
    """Read a path, bytes, an open file or a ``(name, bytes)`` pair; return its name and bytes.

    Raises ``OSError`` or ``ValueError`` if a path cannot be read, and ``TypeError`` for a file
    opened as text.
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
        raise TypeError(
            f"file must be opened in binary mode, got {type(data).__name__} from read()"
        )
    label = getattr(source, "name", None)
    return (Path(label).name if isinstance(label, str) else guess_file_name(data)), data


def guess_file_name(data: bytes) -> str:
    """Build a file name with the suffix of the audio format, which servers evaluate."""
    return f"audio{audio_suffix(data) or '.wav'}"


def multipart(fields: Mapping[str, object], name: str, data: bytes) -> tuple[bytes, str]:
    """Encode a form; return its body and content type.

    The boundary is random and occurs in no part, so that file contents or prompts cannot inject
    fields.
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


def _boundary(name: str, data: bytes, fields: Mapping[str, object]) -> str:
    texts = _bytes(name + "".join(map(str, fields.values())))
    while True:
        boundary = secrets.token_hex(16)
        if boundary.encode() not in data and boundary.encode() not in texts:
            return boundary


def _field(boundary: str, key: str, value: str) -> bytes:
    head = f'--{boundary}\r\ncontent-disposition: form-data; name="{_quoted(key)}"\r\n\r\n'
    return _bytes(f"{head}{value}\r\n")


def _quoted(name: str) -> str:
    """Escape quotes and line breaks of a name."""
    return name.replace('"', "'").replace("\r", " ").replace("\n", " ")


def _bytes(text: str) -> bytes:
    """Encode as UTF-8; lone surrogates (of undecodable file names) become ``?``."""
    return text.encode("utf-8", "replace")


def _media_type(name: str) -> str:
    ending = Path(name).suffix.lower()
    return _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
