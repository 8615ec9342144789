"""uvicorn protocols that register their sockets and limit slow or oversized requests."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from llmaas_sandbox.connections import Connections, Corked

_Base: Any
try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _Base
except ImportError:  # the extra "fast" is not installed
    _Base = H11Protocol

MAX_HEAD = 64 * 1024
"""Bytes of a request's line and headers that may come before they are complete."""
MAX_SILENCE = 60.0
"""Seconds that a client may be silent amid a request."""
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


def protocol_for(connections: Connections) -> type[asyncio.Protocol]:
    """Create the HTTP protocol, which registers its sockets in ``connections``."""
    chosen = _H11 if _Base is H11Protocol else _HttpTools

    class Watched(chosen):  # type: ignore[valid-type,misc]
        def connection_made(self, transport: asyncio.Transport) -> None:
            corked = Corked(transport)
            self._peer = connections.opened(corked)
            super().connection_made(corked)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.closed(self._peer)
            super().connection_lost(exc)

        def handle_websocket_upgrade(self, *event: object) -> None:
            connections.upgraded(self._peer)
            self._switched = True
            super().handle_websocket_upgrade(*event)

    return Watched


class _StallTimeout:
    """Closes connections that stall within a request, with one timer."""

    transport: Any
    loop: asyncio.AbstractEventLoop
    cycle: Any
    _received, _switched = 0.0, False
    _timer: asyncio.TimerHandle | None = None

    def _is_amid(self) -> bool:
        """Whether a request is incomplete."""
        raise NotImplementedError

    def _wait(self) -> None:
        """Restart the timeout after data was received."""
        self._received = self.loop.time()
        if self._timer is None and self._is_amid():
            self._timer = self.loop.call_later(MAX_SILENCE, self._look)

    def _look(self) -> None:
        self._timer = None
        if self.transport.is_closing() or self._switched or not self._is_amid():
            return
        left = MAX_SILENCE - (self.loop.time() - self._received)
        answers = self.cycle is not None and self.cycle.response_started
        if answers and not self.cycle.response_complete:  # to the request before the half one
            left = MAX_SILENCE
        if left > 0:
            self._timer = self.loop.call_later(left, self._look)
        else:
            self.transport.close()


class _HttpTools(_StallTimeout, _Base):  # type: ignore[misc]
    """httptools protocol with limits of its own; httptools has none."""

    _head = 0
    _amid_head = _amid = False

    def on_message_begin(self) -> None:
        self._head, self._amid_head, self._amid = 0, True, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._amid_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._amid = False
        super().on_message_complete()

    def _is_amid(self) -> bool:
        return self._amid

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._amid or self._switched:
            return
        self._wait()
        if self._amid_head:
            self._head += len(data)
            if self._head > MAX_HEAD and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()


class _H11(_StallTimeout, H11Protocol):
    """h11 protocol; h11 itself rejects headers beyond 64 KB."""

    def _is_amid(self) -> bool:
        return self.conn.their_state is h11.SEND_BODY or bool(self.conn.trailing_data[0])

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait()


class SocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket protocol that can reject a handshake with a response.

    uvicorn (0.35 to 0.54) takes an upgrade that was refused by an HTTP response for one that
    nobody answered, and logs an error for each.
    """

    async def send(self, message: Any) -> None:
        """Send an event; the last one of a rejection completes the handshake."""
        await super().send(message)
        is_body = message["type"] == "websocket.http.response.body"
        if is_body and not message.get("more_body", False):
            self.handshake_complete = True
