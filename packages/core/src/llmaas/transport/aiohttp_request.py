"""Requests of aiohttp that check reused connections and normalize response heads."""

from __future__ import annotations

import asyncio
import select
import socket
import weakref
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import aiohttp

from llmaas.wire.http_head import HeadReader, HeadTooLarge

_MAX_UNREAD = 1 << 20
"""Maximum bytes read from a connection that was reset while its request was written."""


class Attempt:
    """State of one request on one connection, for its sender."""

    __slots__ = ("failure", "head", "is_reused")

    def __init__(self) -> None:
        self.head: HeadProtocol | None = None
        self.is_reused = False
        self.failure: Exception | None = None
        """Failure that aiohttp does not report."""

    @property
    def was_stale(self) -> bool:
        """Whether a reused connection ended before the first byte of the answer."""
        return self.is_reused and self.head is not None and not self.head.has_begun


ATTEMPT: ContextVar[Attempt] = ContextVar("llmaas_attempt")
"""Attempt of the running task; aiohttp passes no context to its request class."""


class StaleConnection(Exception):  # noqa: N818 - a signal to use another connection
    """The server closed a reused connection before the request was sent."""


class Request(aiohttp.ClientRequest):
    """Request that checks its connection first and reads the response head itself."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        """Send the request; raise ``StaleConnection`` if the server closed the connection."""
        attempt = ATTEMPT.get(None)
        protocol, transport = conn.protocol, conn.transport
        if attempt is not None and transport is not None:
            attempt.is_reused = protocol in _used
            if not attempt.is_reused:
                _used.add(protocol)
            elif _is_readable(transport):
                raise StaleConnection
            attempt.head = HeadProtocol(transport, protocol, attempt)
            transport.set_protocol(attempt.head)
        return await super().send(conn)


_used: weakref.WeakSet[Any] = weakref.WeakSet()
"""Connections, by protocol, that carried a request."""


class HeadProtocol(asyncio.Protocol):
    """Protocol that replaces aiohttp's until the response head is complete and normalized.

    A connection that is reset while its request is written is read to its end first, because a
    server that refuses a large body answers before it resets.
    """

    __slots__ = ("_attempt", "_head", "_inner", "_transport", "has_begun")

    def __init__(self, transport: Any, inner: Any, attempt: Attempt) -> None:
        self._transport, self._inner, self._attempt = transport, inner, attempt
        self._head = HeadReader()
        self.has_begun = False

    def data_received(self, data: bytes) -> None:
        """Collect the head, then restore aiohttp's protocol."""
        self.has_begun = True
        try:
            answer = self._head.feed(data)
        except HeadTooLarge as error:
            self._attempt.failure = error
            self._transport.abort()
            return
        if answer is None:
            self._inner.start_timeout()  # data was received
            return
        self._transport.set_protocol(self._inner)
        head, body = answer
        if body and not _is_complete(head, body):
            self._inner.data_received(
                head
            )  # separate, so that an error in the body does not lose it
            head = b""
        self._inner.data_received(head + body)

    def eof_received(self) -> bool | None:
        """Forward the end of the data."""
        self._forward_held()
        kept: bool | None = self._inner.eof_received()
        return kept

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forward buffered data, then the loss."""
        if exc is not None and (data := _unread(self._transport)):
            self.data_received(data)
        self._forward_held()
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Forward that the write buffer is full."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Forward that the write buffer has room."""
        self._inner.resume_writing()

    def _forward_held(self) -> None:
        """Forward an incomplete head, for which aiohttp raises its error."""
        held, self._head.held = self._head.held, b""
        if held:
            self._inner.data_received(held)


def _is_complete(head: bytes, body: bytes) -> bool:
    """Whether the body is complete by its content length."""
    return b"\ncontent-length: %d\r" % len(body) in head.lower()


def _is_readable(transport: Any) -> bool:
    """Whether the server closed an idle connection or sent unexpected data."""
    if transport.is_closing():
        return True
    sock = transport.get_extra_info("socket")
    if sock is None:
        return False
    try:
        if _POLL is None:
            return bool(select.select([sock.fileno()], [], [], 0)[0])
        poll = _POLL()
        poll.register(sock.fileno(), select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True


_POLL = getattr(select, "poll", None)  # Windows has none


def _unread(transport: Any) -> bytes:
    """Read data received before a reset; impossible with TLS."""
    sock = transport.get_extra_info("socket")
    if sock is None or transport.get_extra_info("ssl_object") is not None:
        return b""
    data = b""
    with suppress(OSError), socket.fromfd(sock.fileno(), sock.family, sock.type) as twin:
        twin.setblocking(False)
        while len(data) < _MAX_UNREAD and (more := twin.recv(1 << 16)):
            data += more
    return data


def create_socket(sockets: weakref.WeakSet[socket.socket], address: Any) -> socket.socket:
    """Create a socket as aiohttp does, and register it."""
    family, kind, proto, *_ = address
    sock = socket.socket(family, kind, proto)
    sockets.add(sock)
    return sock
