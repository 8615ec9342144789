"""Framing of HTTP/1.1 response bodies: content length, chunks, end of connection.

Expects heads normalized by ``http_head``. Raises ``ValueError`` for violations of HTTP.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

_STATUS = re.compile(rb"HTTP/(1\.[01]) (\d{3})(?: ([^\r\n]*))?\r\n")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
_LINE_LIMIT = 1 << 14
"""Maximum bytes of a chunk header, or of all trailers."""

_TOO_LONG = "a chunk does not end where its size says"
_CUT = "peer closed connection without sending complete message body"


class Head(NamedTuple):
    """Status line and headers of a response."""

    version: bytes
    status: int
    reason: bytes
    headers: list[tuple[bytes, bytes]]


class Body(Protocol):
    """Framing of a body, fed with the bytes of a connection."""

    done: bool
    """Whether the body is complete."""
    is_reusable: bool
    """Whether the connection may be used again after the body."""
    broken: ValueError | None
    """Error in the bytes after the last result of ``feed``."""

    def feed(self, data: bytes) -> bytes:
        """Return the body's part of the bytes; pass ``b""`` at the end of the connection."""


def split_head(data: bytes) -> tuple[Head, bytes]:
    """Parse the head at the beginning of bytes; return it and the rest."""
    status = _STATUS.match(data)
    end = data.find(b"\r\n\r\n")
    if status is None or end < 0:
        raise ValueError(f"illegal status line: {data[:100]!r}")
    headers = []
    for line in data[status.end() : end].split(b"\r\n") if end > status.end() else ():
        name, colon, value = line.partition(b":")
        if not colon:
            raise ValueError(f"illegal header line: {line[:100]!r}")
        headers.append((name, value.strip(b" \t")))
    head = Head(b"HTTP/" + status[1], int(status[2]), status[3] or b"", headers)
    return head, data[end + 4 :]


def body_after(head: Head, method: str) -> Body:
    """Build the framing of the body after a head."""
    lengths: set[bytes] = set()
    is_chunked, is_reusable = False, head.version != b"HTTP/1.0"
    for name, value in head.headers:
        name = name.lower()
        if name == b"content-length":
            lengths.add(value)
        elif name == b"transfer-encoding":
            if value.lower() != b"chunked":
                raise ValueError("only the transfer encoding chunked is supported")
            is_chunked = True
        elif name == b"connection" and b"close" in value.lower():
            is_reusable = False
    if method == "HEAD" or head.status in (204, 304):
        return Counted(0, is_reusable=is_reusable)
    if is_chunked:
        return Chunked(is_reusable=is_reusable)
    if lengths:
        return Counted(_length(lengths), is_reusable=is_reusable)
    return Open()


def _length(lengths: set[bytes]) -> int:
    if len(lengths) > 1:
        raise ValueError("conflicting content lengths")
    (length,) = lengths
    if not length.isdigit() or len(length) > 20:
        raise ValueError("bad content length")
    return int(length)


class Counted:
    """Framing of a body with a content length."""

    __slots__ = ("_left", "_length", "broken", "done", "is_reusable")

    def __init__(self, length: int, *, is_reusable: bool) -> None:
        self._length = self._left = length
        self.broken: ValueError | None = None
        self.done = not length
        self.is_reusable = is_reusable

    def feed(self, data: bytes) -> bytes:
        """Return the body's part of the bytes."""
        if not data:
            received = self._length - self._left
            raise ValueError(f"{_CUT} (received {received} bytes, expected {self._length})")
        if len(data) > self._left:  # the rest answers no request
            self.is_reusable = False
            data = data[: self._left]
        self._left -= len(data)
        self.done = not self._left
        return data


class Open:
    """Framing of a body that ends with its connection."""

    __slots__ = ("broken", "done", "is_reusable")

    def __init__(self) -> None:
        self.broken: ValueError | None = None
        self.done = self.is_reusable = False

    def feed(self, data: bytes) -> bytes:
        """Return the body's part of the bytes."""
        self.done = not data
        return data


class Chunked:
    """Chunked framing; the chunks of one read are joined."""

    __slots__ = ("_held", "_left", "_stage", "broken", "done", "is_reusable")

    def __init__(self, *, is_reusable: bool) -> None:
        self._held = b""
        self._left = 0
        """Missing bytes of the current chunk."""
        self._stage = "size"
        self.broken: ValueError | None = None
        self.done = False
        self.is_reusable = is_reusable

    def feed(self, data: bytes) -> bytes:
        """Return the body's part of the bytes."""
        if not data:
            raise ValueError(f"{_CUT} (incomplete chunked read)")
        parts: list[bytes] = []
        if self._left:
            parts.append(data[: self._left])
            data = data[self._left :]
            self._left -= len(parts[0])
            if not self._left:
                self._stage = "end"
        if data:
            try:
                self._read(self._held + data if self._held else data, parts)
            except ValueError as error:
                if not parts:
                    raise
                self.broken = error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read(self, data: bytes, parts: list[bytes]) -> None:
        self._held = b""
        place = 0
        if self._stage == "end" and data != b"\r":
            if data[:2] != b"\r\n":
                raise ValueError(_TOO_LONG)
            place, self._stage = 2, "size"
        if self._stage == "size":
            place = self._read_chunks(data, place, parts)
        if self._stage == "trailers":
            self._end(data[place:])
        else:
            self._hold(data[place:])

    def _read_chunks(self, data: bytes, place: int, parts: list[bytes]) -> int:
        """Read the available chunks; return the position of the first unread byte."""
        while (size := _SIZE.match(data, place)) is not None:
            start, length = size.end(), int(size[1], 16)
            place = start + length
            if data[place : place + 2] == b"\r\n" and length:  # complete, as nearly all are
                parts.append(data[start:place])
                place += 2
                continue
            if not length:
                self._stage = "trailers"
                return start
            parts.append(data[start:place])
            self._left = max(0, place - len(data))
            if self._left:
                return len(data)
            if data[place:] not in (b"", b"\r"):
                raise ValueError(_TOO_LONG)
            self._stage = "end"
            return place
        return place

    def _end(self, data: bytes) -> None:
        """Skip the trailers up to the empty line."""
        found = b"\r\n" if data.startswith(b"\r\n") else b"\r\n\r\n"
        end = data.find(found)
        if end < 0:
            self._hold(data)
            return
        self.done = True
        if end + len(found) < len(data):  # the rest answers no request
            self.is_reusable = False

    def _hold(self, data: bytes) -> None:
        """Buffer an incomplete line."""
        if len(data) > _LINE_LIMIT or (self._stage == "size" and b"\n" in data):
            raise ValueError(f"illegal chunk header: {data[:100]!r}")
        self._held = data
