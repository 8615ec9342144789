"""Normalization of messages to the documented request format."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from llmaas._errors_base import InvalidInputError
from llmaas.content_parts import to_wire_part
from llmaas.local_files import MAX_FILE_BYTES

Message: TypeAlias = Mapping[str, Any]
Messages: TypeAlias = str | Sequence[Message]

_NOT_ASCII_NAME = re.compile(r"[^a-zA-Z0-9_-]+")


def normalize_messages(messages: Messages, max_file_bytes: int = MAX_FILE_BYTES) -> list[Message]:
    """Convert messages to the request format; a string becomes one user message.

    Reads files that the program named by a ``Path``, at most ``max_file_bytes`` each. The
    caller's messages are not modified.

    Raises ``InvalidInputError`` for values that are not messages.
    """
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if isinstance(messages, Mapping) or not isinstance(messages, Sequence):
        raise InvalidInputError(
            f"messages must be a string or a list of dicts, got {_kind(messages)}"
        )
    if not messages:
        raise InvalidInputError("messages is empty. Pass at least one message.")
    given: Sequence[Any] = messages
    return [
        # most messages of a long conversation need no change
        message
        if type(message) is dict and type(message.get("content")) is str and "role" in message
        else _normalize(message, position, max_file_bytes)
        for position, message in enumerate(given)
    ]


def add_instruction(messages: Messages, text: str) -> list[Message]:
    """Append a text to the system message, or add a system message."""
    given = normalize_messages(messages)
    head = given[0]
    if head.get("role") not in ("system", "developer"):
        return [{"role": "system", "content": text}, *given]
    content = head.get("content") or ""
    if not isinstance(content, str):
        return [{**head, "content": [*content, {"type": "text", "text": text}]}, *given[1:]]
    return [{**head, "content": f"{content}\n\n{text}".strip()}, *given[1:]]


def add_nonce(messages: Sequence[Message], nonce: str) -> list[Message]:
    """Add a nonce to the last user message to bypass response caches."""
    changed = list(messages)
    for place in reversed(range(len(changed))):
        message = changed[place]
        if message.get("role") == "user":
            changed[place] = {**message, "content": _with_text(message.get("content"), nonce)}
            break
    return changed


def _with_text(content: object, nonce: str) -> object:
    note = f"[request {nonce}]"
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [*content, {"type": "text", "text": note}]
    return f"{content or ''}\n\n{note}".strip()


def content_text(content: object) -> str:
    """Return the text of a content, without its other parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    return "".join(p.get("text", "") for p in content if isinstance(p, Mapping))


def ascii_name(name: str) -> str:
    """Convert a name such as ``rédacteur`` to the API's form: ``[a-zA-Z0-9_-]``, at most 64."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _NOT_ASCII_NAME.sub("_", plain).strip("_")[:64] or "agent"


def _normalize(message: object, position: int, max_file_bytes: int) -> Message:
    if not isinstance(message, Mapping):
        raise InvalidInputError(f"message {position} must be a dict, got {_kind(message)}")
    if "role" not in message:
        raise InvalidInputError(
            f"message {position} must have a role, got keys {list(message)[:5]}"
        )
    content = message.get("content")
    if content is None or isinstance(content, str):
        return message
    if not isinstance(content, Sequence) or isinstance(content, bytes):
        raise InvalidInputError(
            f"message {position}: content must be text or a list of parts, got {_kind(content)}"
        )
    parts = [_normalize_part(part, position, max_file_bytes) for part in content]
    return {**message, "content": parts}


def _normalize_part(part: object, position: int, max_file_bytes: int) -> object:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if not isinstance(part, Mapping):
        raise InvalidInputError(
            f"message {position}: a part must be text or a dict, got {_kind(part)}"
        )
    return to_wire_part(part, max_file_bytes)


def _kind(value: object) -> str:
    return type(value).__name__
