"""A small HTTP proxy: it forwards, tunnels, asks for credentials, refuses, or never answers."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_READ = 65_536


@dataclass
class Proxy:
    """A proxy on a port of its own, while its ``with`` block lasts.

    ``credentials`` (``user:password``) must be shown if there are any; ``refuses`` is the status
    with which it refuses everything; ``is_deaf`` takes connections and says nothing. ``seen``
    are the first lines of the requests that it got.
    """

    credentials: str = ""
    refuses: int = 0
    is_deaf: bool = False
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.getsockname()[1])

    def url(self, credentials: str = "") -> str:
        """Return its address, with what a client is to show."""
        user = f"{credentials}@" if credentials else ""
        return f"http://{user}127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                self._begin(self._serve, client)

    def _begin(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            head, rest = _head(client)
            line, _, fields = head.partition("\r\n")
            self.seen.append(line)
            status = self._status(fields)
            if self.is_deaf:
                while client.recv(_READ):  # the body may come after the head
                    pass
            elif status:
                answer = f"HTTP/1.1 {status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n"
                client.sendall(f"{answer}\r\n".encode())
            else:
                self._pass_on(client, line, fields, rest)

    def _status(self, fields: str) -> int:
        shown = "proxy-authorization: basic " + base64.b64encode(self.credentials.encode()).decode()
        missing = self.credentials and shown.lower() not in fields.lower()
        return 407 if missing else self.refuses

    def _pass_on(self, client: socket.socket, line: str, fields: str, rest: bytes) -> None:
        method, target, version = line.split(" ")
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        try:
            server = socket.create_connection((parts.hostname or "", parts.port or 80))
        except OSError:
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
            return
        self._sockets.append(server)
        if method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            hops = ("proxy-", "connection:")  # one request a connection: the rest is copied blindly
            kept = [f for f in fields.split("\r\n") if not f.lower().startswith(hops)]
            kept.append("connection: close")
            first = f"{method} {parts.path}?{parts.query} {version}".replace("? ", " ")
            server.sendall("\r\n".join([first, *kept, "", ""]).encode() + rest)
            rest = b""
        self._begin(_copy, server, client)
        _copy(client, server)


def _head(peer: socket.socket) -> tuple[str, bytes]:
    """Read up to the blank line; return what stands before it and what has come after it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = peer.recv(_READ)
        if not more:
            raise ConnectionError("the client left")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1"), rest


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_READ):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
