"""Framing of streams: chunks to the bytes of each event, with framing faults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from llmaas_sandbox.errors import error
from llmaas_sandbox.faults.parse import Faults

DONE = b"data: [DONE]\n\n"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dumps(value: Any) -> bytes:
    """Encode compact UTF-8 JSON; a lone surrogate becomes U+FFFD."""
    text = _encode(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def to_event(chunk: object) -> bytes:
    """Encode one chunk as a server-sent event."""
    return b"data: " + dumps(chunk) + b"\n\n"


def to_events(chunks: Sequence[dict[str, object]], faults: Faults) -> list[bytes]:
    """Encode the events of a stream, with the requested framing faults."""
    if "done-no-finish" in faults:
        chunks = [c for c in chunks if not _finishes(c)]
    events = [to_event(c) for c in chunks]
    events.append(DONE)
    for name, change in _CHANGES.items():
        if name in faults:
            events = change(events, faults)
    return events


def _finishes(chunk: dict[str, Any]) -> bool:
    return any(choice.get("finish_reason") for choice in chunk.get("choices") or ())


def _no_done(events: list[bytes], faults: Faults) -> list[bytes]:
    return events[:-1]


def _early_done(events: list[bytes], faults: Faults) -> list[bytes]:
    half = len(events) // 2
    return [*events[:half], DONE, *events[half:-1]]


def _error_event(events: list[bytes], faults: Faults) -> list[bytes]:
    after = int(faults.number("error-event", 0, 2))
    return [*events[:after], to_event(error("The backend stopped in mid-stream", "server_error"))]


def _error_after_role(events: list[bytes], faults: Faults) -> list[bytes]:
    """End as vLLM does when its engine dies: an error event, then a clean end."""
    words = "EngineCore encountered an issue. See stack trace (above) for the root cause."
    error_body = {"message": words, "type": "InternalServerError", "param": None, "code": 500}
    return [events[0], to_event({"error": error_body}), DONE]


def _truncated(events: list[bytes], faults: Faults) -> list[bytes]:
    at = max(0, len(events) // 2)
    return [*events[:at], events[at][: max(12, len(events[at]) // 2)]]


def _json_cut(events: list[bytes], faults: Faults) -> list[bytes]:
    at = min(int(faults.number("json-cut", 0, 2)), max(0, len(events) - 2))
    text = events[at][len(b"data: ") : -2].decode("utf-8", "surrogatepass")
    middle = len(text) // 2
    halves = (text[:middle], text[middle:])
    cut = [b"data: " + half.encode("utf-8", "surrogatepass") + b"\n\n" for half in halves]
    return [*events[:at], *cut, *events[at + 1 :]]


def _comments(events: list[bytes], faults: Faults) -> list[bytes]:
    dressed = [b": welcome\nretry: 3000\n\n"]
    for i, frame in enumerate(events):
        dressed.append(
            b": keep-alive\n\n" if i % 2 else b": keep-alive\nid: %d\nevent: message\n" % i
        )
        dressed.append(frame)
    return dressed


def _crlf(events: list[bytes], faults: Faults) -> list[bytes]:
    return [frame.replace(b"\n", b"\r\n") for frame in events]


_CHANGES = {
    "no-done": _no_done,
    "early-done": _early_done,
    "error-event": _error_event,
    "error-after-role": _error_after_role,
    "truncated-json": _truncated,
    "json-cut": _json_cut,
    "comments": _comments,
    "crlf": _crlf,
}


def utf8_pieces(frames_: Iterable[bytes]) -> list[bytes]:
    """Split a stream inside each of its multi-byte characters."""
    data = b"".join(frames_)
    inside = [i for i, byte in enumerate(data) if byte & 0xC0 == 0x80]
    starts = [0, *inside]
    return [data[a:b] for a, b in zip(starts, [*inside, len(data)], strict=True) if b > a]
