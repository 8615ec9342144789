"""Incremental parser of server-sent events."""

from __future__ import annotations

import sys

from llmaas.wire.json_codec import dumps, parse

_BOM = b"\xef\xbb\xbf"


class SSEReader:
    """Reader of event payloads from bytes in pieces of any size.

    A payload is returned at the blank line that ends its event, as in the standard. Bytes are
    not decoded here, so that characters split across reads stay intact. The payload of an
    ``error:`` field (llama-server until 2025) or an ``event: error`` is returned as
    ``{"error": ...}``.
    """

    __slots__ = (
        "_event",
        "_event_size",
        "_is_between",
        "_is_error",
        "_limit",
        "_parts",
        "_size",
        "_started",
    )

    def __init__(self, limit: int | None = None) -> None:
        self._parts: list[bytes] = []
        """Pieces of an incomplete line, joined once to keep long lines linear."""
        self._size = 0
        self._event: list[bytes] = []
        self._event_size = 0
        self._started = False
        self._limit = limit or sys.maxsize
        self._is_error = False
        self._is_between = False
        """Whether the last read ended with a complete event."""

    def feed(self, data: bytes) -> list[bytes]:
        """Process a read of any size; return the payloads that it completes.

        Raises ``ValueError`` for an event that exceeds the limit.
        """
        if self._is_between and data[:6] == b"data: " and data[-2:] == b"\n\n":
            payloads = data[6:-2].split(b"\n\ndata: ")
            if data.count(b"\n") == 2 * len(payloads) and b"\r" not in data:
                return payloads  # complete events of one line each, as in most reads
        payloads = self._feed(data)
        self._is_between = not (self._parts or self._event or self._is_error) and self._started
        return payloads

    def _feed(self, data: bytes) -> list[bytes]:
        """Split received bytes into lines; the last, incomplete one is buffered."""
        if self._parts:
            if b"\n" not in data and b"\r" not in data and self._parts[-1][-1:] != b"\r":
                self._hold(data)
                return []
            self._parts.append(data)
            data = b"".join(self._parts)
            self._parts, self._size = [], 0
        if not self._started:
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._hold(data)
                return []
            self._started = True
            data = data.removeprefix(_BOM)
        held = b""
        if b"\r" in data:
            data, held = _unify_line_ends(data)
        lines = data.split(b"\n")
        if rest := lines.pop() + held:
            self._hold(rest)
        return self._payloads(lines)

    def close(self) -> list[bytes]:
        """Return the payloads of a stream that ended without a blank line."""
        lines = [b"".join(self._parts).rstrip(b"\r"), b""]
        self._parts, self._size = [], 0
        return self._payloads(lines)

    def _hold(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)
        self._check(self._size + self._event_size)

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise ValueError(f"an event exceeds {self._limit} bytes")

    def _payloads(self, lines: list[bytes]) -> list[bytes]:
        """Collect the payloads of the events that whole lines complete."""
        payloads = []
        event = self._event
        for line in lines:
            if not line:
                if event:
                    payload = event[0] if len(event) == 1 else b"\n".join(event)
                    payloads.append(_as_error(payload) if self._is_error else payload)
                    event.clear()
                    self._event_size = 0
                self._is_error = False
            elif line.startswith(b"data:"):
                event.append(line[6:] if line[5:6] == b" " else line[5:])
                if len(event) > 1:  # a single line was checked when it was buffered
                    self._event_size += len(line)
                    self._check(self._event_size)
            elif line.startswith(b"e"):
                self._take_event_or_error(line)
            # Comments, ids and retry hints are not needed.
        return payloads

    def _take_event_or_error(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        if field == b"error":
            self._event.append(value.strip())
            self._is_error = True
        elif field == b"event":
            self._is_error = value.strip() == b"error"


def _as_error(payload: bytes) -> bytes:
    try:
        value = parse(payload)
    except ValueError:
        return dumps({"error": payload.decode("utf-8", "replace")})
    if isinstance(value, dict) and "error" in value:
        return payload
    return dumps({"error": value or "an error event without a message"})


def _unify_line_ends(buffer: bytes) -> tuple[bytes, bytes]:
    """Convert line ends to line feeds; return a trailing CR separately, as LF may follow."""
    held = b"\r" if buffer.endswith(b"\r") else b""
    body = buffer[:-1] if held else buffer
    return body.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), held
