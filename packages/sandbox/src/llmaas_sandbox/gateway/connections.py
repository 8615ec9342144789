"""The sockets behind the requests, so that faults can break them."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _Base
except ImportError:  # the extra "fast" is not installed
    _Base = H11Protocol  # type: ignore[assignment,misc]

Peer = tuple[str, int]


class Connections:
    """Open transports by the client's address, as the ASGI scope names it."""

    def __init__(self) -> None:
        self._open: dict[Peer, asyncio.Transport] = {}
        self._upgraded: list[asyncio.Transport] = []
        self._doomed: set[Peer] = set()

    def opened(self, transport: asyncio.Transport) -> Peer:
        """Remember a connection, return its name; let small writes leave at once.

        asyncio does that by itself, but not for sockets of a listener made without a protocol.
        """
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = _peer(transport)
        self._open[peer] = transport
        return peer

    def closed(self, peer: Peer) -> None:
        """Forget a connection, by the name it had: over TLS it has none any more."""
        self._open.pop(peer, None)
        self._doomed.discard(peer)

    def upgraded(self, peer: Peer) -> None:
        """Keep a connection apart that is a websocket now: nobody tells when it closes."""
        transport = self._open.pop(peer, None)
        alive = [t for t in self._upgraded if not t.is_closing()]
        self._upgraded = [*alive, transport] if transport else alive

    def of(self, scope: Any) -> asyncio.Transport | None:
        """Return the transport of a request; None when it came in without a socket."""
        client = scope.get("client")
        return self._open.get((client[0], client[1])) if client else None

    def doom(self, transport: asyncio.Transport) -> None:
        """Let the next request on this connection die."""
        self._doomed.add(_peer(transport))

    def is_doomed(self, transport: asyncio.Transport | None) -> bool:
        """Tell whether this connection was doomed by an earlier answer."""
        return transport is not None and _peer(transport) in self._doomed

    def __len__(self) -> int:
        return len(self._open) + sum(not t.is_closing() for t in self._upgraded)

    def close_all(self) -> None:
        """Close what is still open."""
        for transport in (*self._open.values(), *self._upgraded):
            transport.abort()


def _peer(transport: asyncio.BaseTransport) -> Peer:
    name = transport.get_extra_info("peername") or ("", 0)
    return name[0], name[1]


def reset(transport: asyncio.Transport) -> None:
    """End a connection with RST instead of FIN, unless it has ended already."""
    if transport.is_closing():
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def protocol_for(connections: Connections) -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP protocol, telling ``connections`` about its sockets."""

    class Watched(_Base):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            self._peer = connections.opened(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.closed(self._peer)
            super().connection_lost(exc)

        def handle_websocket_upgrade(self, *event: Any) -> None:
            connections.upgraded(self._peer)
            super().handle_websocket_upgrade(*event)

    return Watched
