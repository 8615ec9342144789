"""Where the body of an HTTP/1.1 answer ends, and its bytes without the framing.

Takes heads that ``head`` made strict. Raises ``ValueError`` for what breaks the standard.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

_STATUS = re.compile(rb"HTTP/(1\.[01]) (\d{3})(?: ([^\r\n]*))?\r\n")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
_LINE_LIMIT = 1 << 14
"""Bytes of a line that tells the size of a chunk, or of all trailers."""

_TOO_LONG = "a chunk does not end where its size says"
_CUT = "peer closed connection without sending complete message body"


class Head(NamedTuple):
    """The head of an answer."""

    version: bytes
    status: int
    reason: bytes
    headers: list[tuple[bytes, bytes]]


class Body(Protocol):
    """Takes the bytes of a body off a connection."""

    done: bool
    """Whether the body is complete."""
    is_reusable: bool
    """Whether another answer may follow on the connection."""
    broken: ValueError | None
    """What is wrong with bytes after those that ``feed`` returned last."""

    def feed(self, data: bytes) -> bytes:
        """Return what the bytes hold of the body; ``b""`` tells that the connection ended."""


def split_head(data: bytes) -> tuple[Head, bytes]:
    """Return the head that bytes begin with, and what follows it."""
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


def body_after(head: Head, method: bytes) -> Body:
    """Return how the body after a head is framed."""
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
    if method == b"HEAD" or head.status in (204, 304):
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
    """A body of known length."""

    __slots__ = ("_left", "_length", "broken", "done", "is_reusable")

    def __init__(self, length: int, *, is_reusable: bool) -> None:
        self._length = self._left = length
        self.broken: ValueError | None = None
        self.done = not length
        self.is_reusable = is_reusable

    def feed(self, data: bytes) -> bytes:
        """Return what the bytes hold of the body."""
        if not data:
            received = self._length - self._left
            raise ValueError(f"{_CUT} (received {received} bytes, expected {self._length})")
        if len(data) > self._left:  # nothing was asked that these could answer
            self.is_reusable = False
            data = data[: self._left]
        self._left -= len(data)
        self.done = not self._left
        return data


class Open:
    """A body that ends with its connection."""

    __slots__ = ("broken", "done", "is_reusable")

    def __init__(self) -> None:
        self.broken: ValueError | None = None
        self.done = self.is_reusable = False

    def feed(self, data: bytes) -> bytes:
        """Return what the bytes hold of the body."""
        self.done = not data
        return data


class Chunked:
    """A body in chunks, each with its length before it; those of one read are joined."""

    __slots__ = ("_held", "_left", "_stage", "broken", "done", "is_reusable")

    def __init__(self, *, is_reusable: bool) -> None:
        self._held = b""
        self._left = 0
        """Bytes that are missing of a chunk that has begun."""
        self._stage = "size"
        self.broken: ValueError | None = None
        self.done = False
        self.is_reusable = is_reusable

    def feed(self, data: bytes) -> bytes:
        """Return what the bytes hold of the body."""
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
            place = self._take(data, place, parts)
        if self._stage == "trailers":
            self._end(data[place:])
        else:
            self._hold(data[place:])

    def _take(self, data: bytes, place: int, parts: list[bytes]) -> int:
        """Take the chunks that are there; return where the first unread byte is."""
        while (size := _SIZE.match(data, place)) is not None:
            start, length = size.end(), int(size[1], 16)
            place = start + length
            if data[place : place + 2] == b"\r\n" and length:  # whole, as nearly all are
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
        """Skip trailers to the empty line that ends them."""
        found = b"\r\n" if data.startswith(b"\r\n") else b"\r\n\r\n"
        end = data.find(found)
        if end < 0:
            self._hold(data)
            return
        self.done = True
        if end + len(found) < len(data):  # nothing was asked that the rest could answer
            self.is_reusable = False

    def _hold(self, data: bytes) -> None:
        """Keep the beginning of a line until its end comes."""
        if len(data) > _LINE_LIMIT or (self._stage == "size" and b"\n" in data):
            raise ValueError(f"illegal chunk header: {data[:100]!r}")
        self._held = data
