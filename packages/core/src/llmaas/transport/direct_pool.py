"""Connection pool without a proxy."""

from __future__ import annotations

import ssl
import threading
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from llmaas._http_library import http, http_core
from llmaas.transport.deadline_backend import DeadlineBackend
from llmaas.transport.http11_connection import HTTP11Connection, Origin


class DirectPool:
    """At most ``size`` connections to one origin. Thread-safe.

    The HTTP library's own pool examines all connections at each request and each response. This
    one takes the connection that was used last, in constant time.
    """

    def __init__(self, origin: str, ssl_context: ssl.SSLContext, size: int) -> None:
        self._core, self._library = http_core(), http()
        self._origin = _parse_origin(origin, ssl_context)
        self._backend = DeadlineBackend(self._core)
        self._free = threading.Semaphore(size)
        self._idle: deque[HTTP11Connection] = deque()
        self._active: set[HTTP11Connection] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def handle_request(self, request: Any) -> Any:
        """Send a request of the HTTP library; return its response once the head was received."""
        timeouts = request.extensions.get("timeout", {})
        if not self._free.acquire(timeout=timeouts.get("pool")):
            raise self._core.PoolTimeout
        connection = self._take()
        try:
            return connection.handle_request(request, timeouts)
        except BaseException:
            self._release(connection, is_reusable=False)
            raise

    def close(self) -> None:
        """Close all connections, even while they are in use."""
        with self._lock:
            self._is_closed = True
            connections = [*self._idle, *self._active]
            self._idle.clear()
        for connection in connections:
            connection.close()

    def _take(self) -> HTTP11Connection:
        """Return the idle connection that was used last, or a new one."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else self._create()
                self._active.add(connection)
            if not connection.has_expired():
                return connection
            with self._lock:
                self._active.discard(connection)
            connection.close()

    def _create(self) -> HTTP11Connection:
        return HTTP11Connection(
            self._core, self._library, self._origin, self._backend, self._release
        )

    def _release(self, connection: HTTP11Connection, *, is_reusable: bool) -> None:
        """Keep a connection for the next request, or close it. Called once per request."""
        now = time.monotonic()
        unused = []
        with self._lock:
            self._active.discard(connection)
            if is_reusable and not self._is_closed:
                self._idle.append(connection)
            else:
                unused.append(connection)
            while self._idle and self._idle[0].expires < now:
                unused.append(self._idle.popleft())
        self._free.release()
        for each in unused:
            each.close()


def _parse_origin(origin: str, ssl_context: ssl.SSLContext) -> Origin:
    parts = urlsplit(origin)
    is_tls = parts.scheme == "https"
    host = http().URL(origin).raw_host.decode("ascii")
    return Origin(host, parts.port or (443 if is_tls else 80), ssl_context if is_tls else None)
