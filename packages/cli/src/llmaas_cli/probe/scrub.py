"""Removal of everything from exchanges that is not known to be harmless."""

from __future__ import annotations

import json
import re

HIDDEN = "***"
_KEY = re.compile(r"\bsk-[\w*.…-]+")
_HOST = re.compile(r"\b(?:127\.0\.0\.1|localhost)\b")

HEADERS = frozenset(
    (
        *("content-type", "retry-after", "x-cache", "x-tts-duration-ms"),
        *("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests"),
    )
)
"""Headers whose values are kept."""
NAMED_HEADERS = frozenset(("x-request-id", "x-ratelimit-reset-requests"))
"""Headers that are kept without their values."""

_NAMES = frozenset(
    (
        *("id", "object", "model", "root", "aliases", "owned_by", "model_requested", "status"),
        *("role", "content", "reasoning", "reasoning_content", "refusal", "text", "token"),
        *("finish_reason", "stop_reason", "service_tier", "type", "name", "arguments"),
        *("tool_call_id", "error", "detail", "message", "param", "code", "embedding"),
        *("engine_type", "language", "b64_json", "prompt", "input", "query", "documents"),
    )
)
"""Fields whose texts are kept; the texts of all other fields are hidden."""


def scrub_text(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Hide keys and local addresses in a text."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return _HOST.sub(HIDDEN, _KEY.sub(HIDDEN, text))


def scrub(value: object, secrets: tuple[str, ...] = (), name: str = "message") -> object:
    """Hide all texts of a JSON value but those of known fields."""
    if isinstance(value, dict):
        return {key: scrub(inner, secrets, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [scrub(inner, secrets, name) for inner in value]
    if isinstance(value, str):
        return scrub_text(value, secrets) if name in _NAMES else HIDDEN
    return value


def scrub_body(body: bytes, secrets: tuple[str, ...] = ()) -> bytes:
    """Scrub JSON, or the events of a stream; other bodies lose keys and addresses only."""
    lines = body.split(b"\n")
    if any(line.startswith(b"data:") for line in lines):
        return b"\n".join(_scrub_line(line, secrets) for line in lines)
    try:
        return json.dumps(scrub(json.loads(body), secrets), ensure_ascii=False).encode()
    except ValueError:
        pass
    try:
        return scrub_text(body.decode(), secrets).encode()
    except UnicodeDecodeError:
        return body


def _scrub_line(line: bytes, secrets: tuple[str, ...]) -> bytes:
    if not line.startswith(b"data:"):
        return line
    try:
        value = json.loads(line[5:])
    except ValueError:
        return scrub_text(line.decode("utf-8", "replace"), secrets).encode()
    text = json.dumps(scrub(value, secrets), ensure_ascii=False, separators=(",", ":"))
    return b"data: " + text.encode()
