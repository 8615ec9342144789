"""Open client connections, which faults can break."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any

Peer = tuple[str, int]


class Corked:
    """Transport that can buffer small writes and send them together.

    Every write of asyncio's is a system call, which costs more than most answers.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: list[bytes] | None = None
        self.write: Callable[[bytes], None] = transport.write
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def cork(self) -> None:
        """Buffer writes until :meth:`uncork`."""
        self._held = []
        self.write = self._held.append

    def uncork(self) -> None:
        """Send the buffered writes in one piece."""
        held, self._held, self.write = self._held, None, self._transport.write
        if held:
            self.write(b"".join(held))

    def close(self) -> None:
        """Send the buffered writes and close."""
        self.uncork()
        self._transport.close()


class Connections:
    """Open transports by client address, as in the ASGI scope."""

    def __init__(self) -> None:
        self._open: dict[Peer, Corked] = {}
        self._upgraded: list[Corked] = []
        self._dropped: set[Peer] = set()

    def opened(self, transport: Corked) -> Peer:
        """Register a connection and disable Nagle's algorithm; return the client address.

        asyncio does that by itself, but not for sockets of a listener made without a protocol.
        """
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = _peer(transport)
        self._open[peer] = transport
        return peer

    def closed(self, peer: Peer) -> None:
        """Remove a connection by its address, which TLS transports no longer report."""
        self._open.pop(peer, None)
        self._dropped.discard(peer)

    def upgraded(self, peer: Peer) -> None:
        """Move a connection to the WebSockets, whose closing is not reported."""
        transport = self._open.pop(peer, None)
        alive = [t for t in self._upgraded if not t.is_closing()]
        self._upgraded = [*alive, transport] if transport else alive

    def find(self, scope: Any) -> Corked | None:
        """Return the transport of a request, or None without a socket."""
        client = scope.get("client")
        return self._open.get((client[0], client[1])) if client else None

    def drop_next_request(self, transport: Corked) -> None:
        """Close this connection at its next request."""
        self._dropped.add(_peer(transport))

    def is_dropped(self, transport: Corked | None) -> bool:
        """Whether an earlier response marked this connection."""
        return transport is not None and bool(self._dropped) and _peer(transport) in self._dropped

    def __len__(self) -> int:
        return len(self._open) + sum(not t.is_closing() for t in self._upgraded)

    def close_all(self) -> None:
        """Abort all open connections."""
        for transport in (*self._open.values(), *self._upgraded):
            transport.abort()


def _peer(transport: Corked) -> Peer:
    name = transport.get_extra_info("peername") or ("", 0)
    return name[0], name[1]


def reset(transport: Corked) -> None:
    """Close a connection with RST instead of FIN, unless it is already closed."""
    if transport.is_closing():
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
