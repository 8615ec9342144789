"""Types, names and texts of files."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import Mapping
from typing import Any

from llmaas.content_parts import image_type
from llmaas.text import decode as decode_text
from llmaas.wire.multipart import guess_file_name as audio_file_name

__all__ = ["audio_file_name", "decode_text", "image_type", "text_file_part"]

_TEXT_TYPES = frozenset({"json", "xml", "yaml", "x-yaml", "toml", "javascript", "x-ndjson", "sql"})
"""Subtypes of ``application`` that are text."""
_UNKNOWN_TYPES = frozenset({"", "application", "application/octet-stream"})
_PDF = "application/pdf"
_PDF_START = "JVBERi"  # %PDF in base64


def text_file_part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Convert a ``file`` part that holds text to a text part; return other parts unchanged.

    The service accepts no files. The text follows the file's name, as in ``notes.txt:``.
    """
    file = part.get("file") if part.get("type") == "file" else None
    if not isinstance(file, Mapping):
        return part
    name = str(file.get("filename") or "file")
    kind, is_base64, data = str(file.get("file_data") or "").partition(";base64,")
    kind = kind.removeprefix("data:")
    if kind == _PDF and not data.startswith(_PDF_START):
        kind = ""  # LangChain takes any file of OpenAI's format for a PDF
    if not is_base64 or not _is_text(kind, name):
        return part
    try:
        text = decode_text(base64.b64decode(data))[0]
    except binascii.Error:
        return part  # the service's error names it
    return {"type": "text", "text": f"{name}:\n{text}"}


def _is_text(kind: str, name: str) -> bool:
    """Whether a media type is text. Without one, the file's name decides."""
    kind = kind.partition(";")[0].strip().lower()
    if kind in _UNKNOWN_TYPES:
        kind = mimetypes.guess_type(name)[0] or ""
    family, _, subtype = kind.partition("/")
    return family == "text" or subtype.rpartition("+")[2] in _TEXT_TYPES
