"""Messages as users write them, made into what the service documents."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

Message: TypeAlias = Mapping[str, Any]
Messages: TypeAlias = str | Sequence[Message]
ImageSource: TypeAlias = str | Path | bytes

_IMAGE_STARTS = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)
_NOT_ASCII_NAME = re.compile(r"[^a-zA-Z0-9_-]+")


def normalize_messages(messages: Messages) -> list[Message]:
    """Return messages for the wire; a string becomes one user message.

    Raises ``InvalidInputError`` for anything that is no message. The caller's own messages
    are not changed.
    """
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if isinstance(messages, Mapping) or not isinstance(messages, Sequence):
        raise _invalid(f"messages must be a string or a list of dicts, not {_kind(messages)}")
    if not messages:
        raise _invalid("messages is empty: the service needs at least one")
    given: Sequence[Any] = messages
    return [
        message if _is_plain(message) else _normalize(message, position)
        for position, message in enumerate(given)
    ]


def image_part(source: ImageSource, *, detail: str | None = None) -> dict[str, Any]:
    """Return a content part for an image: a path, bytes, an http(s) URL or a data URI.

    Files and bytes travel as base64 data URIs, the form that the service documents.
    """
    url: dict[str, Any] = {"url": _image_url(source)}
    if detail is not None:
        url["detail"] = detail
    return {"type": "image_url", "image_url": url}


def data_uri(data: bytes, mime_type: str) -> str:
    """Return bytes as a base64 data URI."""
    return f"data:{mime_type};base64,{base64.b64encode(data).decode('ascii')}"


def merge_system_messages(messages: Sequence[Message]) -> list[Message]:
    """Move all system messages to the head, as one: many chat templates refuse late ones."""
    system = [m for m in messages if m.get("role") == "system"]
    if not system or (len(system) == 1 and messages[0] is system[0]):
        return list(messages)
    text = "\n\n".join(text_of(m.get("content")) for m in system)
    rest = [m for m in messages if m.get("role") != "system"]
    return [{"role": "system", "content": text}, *rest]


def add_instruction(messages: Messages, text: str) -> list[Message]:
    """Add a text to the system message, or a system message of it; other messages stay."""
    given = normalize_messages(messages)
    head = given[0]
    if head.get("role") not in ("system", "developer"):
        return [{"role": "system", "content": text}, *given]
    content = head.get("content") or ""
    if not isinstance(content, str):
        return [{**head, "content": [*content, {"type": "text", "text": text}]}, *given[1:]]
    return [{**head, "content": f"{content}\n\n{text}".strip()}, *given[1:]]


def text_of(content: Any) -> str:
    """Return the text of a content, whatever other parts it has."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    return "".join(p.get("text", "") for p in content if isinstance(p, Mapping))


def ascii_name(name: str) -> str:
    """Return a name that the wire takes (``[a-zA-Z0-9_-]``, 64 at most): ``rédacteur`` too."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _NOT_ASCII_NAME.sub("_", plain).strip("_")[:64] or "agent"


def _is_plain(message: Any) -> bool:
    """Whether a message is fine as it is, as most of a long conversation are."""
    return type(message) is dict and type(message.get("content")) is str and "role" in message


def _normalize(message: Any, position: int) -> Message:
    if not isinstance(message, Mapping):
        raise _invalid(f"message {position} must be a dict, not {_kind(message)}")
    if "role" not in message:
        raise _invalid(f"message {position} has no role")
    content = message.get("content")
    if content is None or isinstance(content, str):
        return message
    if not isinstance(content, Sequence) or isinstance(content, bytes):
        raise _invalid(f"message {position}: content must be text or a list of parts")
    parts = [_normalize_part(part, position) for part in content]
    return {**message, "content": parts}


def _normalize_part(part: Any, position: int) -> Any:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if not isinstance(part, Mapping):
        raise _invalid(f"message {position}: a part must be text or a dict, not {_kind(part)}")
    if part.get("type") == "image" and "image" in part:
        return image_part(part["image"], detail=part.get("detail"))
    return part


def _image_url(source: ImageSource) -> str:
    if isinstance(source, bytes | bytearray):
        return data_uri(bytes(source), _image_type(bytes(source)))
    if isinstance(source, str) and source.startswith(("http://", "https://", "data:")):
        return source
    if not isinstance(source, str | Path):
        raise _invalid(f"an image must be a path, bytes, a URL or a data URI, not {_kind(source)}")
    path = Path(source)
    try:
        return _image_url(path.read_bytes())
    except OSError as error:
        raise _invalid(f"the image {str(path)!r} cannot be read: {error.strerror}") from error


def _image_type(data: bytes) -> str:
    for start, mime_type in _IMAGE_STARTS:
        if data.startswith(start):
            return mime_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    raise _invalid("the image is no PNG, JPEG, GIF, BMP or WebP; PDF pages must be drawn first")


def _kind(value: Any) -> str:
    return type(value).__name__


def _invalid(message: str) -> Exception:
    from llmaas.errors import InvalidInputError

    return InvalidInputError(message)
