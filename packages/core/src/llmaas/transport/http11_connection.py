"""Direct HTTP/1.1 connection for the pool of the HTTP library.

The library's own connection spends three quarters of a call in an HTTP/1.1 state machine that
also supports servers, and yields each chunk of a stream separately. This one joins the chunks of
a read. It raises the library's exceptions.
"""

from __future__ import annotations

import enum
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

from llmaas.transport.deadline_backend import DeadlineBackend, DeadlineStream
from llmaas.wire.http_framing import Body, body_after, split_head

_READ = 1 << 16


class _State(enum.Enum):
    NEW, ACTIVE, IDLE, CLOSED = range(4)


class HTTP11Connection:
    """Connection opened by its first request. The pool requires all of its methods."""

    def __init__(
        self,
        core: Any,
        origin: Any,
        backend: DeadlineBackend,
        ssl_context: ssl.SSLContext,
        keepalive: float,
    ) -> None:
        self._core, self._origin, self._backend, self._ssl_context = (
            core,
            origin,
            backend,
            ssl_context,
        )
        self._keepalive = keepalive
        self._expires = 0.0
        self._stream: DeadlineStream | None = None
        self._state = _State.NEW
        self._lock = threading.Lock()

    def handle_request(self, request: Any) -> Any:
        """Send a request; return the response once its head was received."""
        with self._lock:
            if self._state not in (_State.NEW, _State.IDLE):
                raise self._core.ConnectionNotAvailable
            self._state = _State.ACTIVE
        try:
            return self._exchange(request, request.extensions.get("timeout", {}))
        except BaseException:
            self.close()
            raise

    def _exchange(self, request: Any, timeouts: dict[str, Any]) -> Any:
        stream = self._stream
        if stream is None:
            stream = self._stream = self._connect(timeouts.get("connect"))
        _send(self._core, stream, request, timeouts.get("write"))
        data = stream.read(_READ, timeouts.get("read"))
        if not data:
            raise self._core.RemoteProtocolError("Server disconnected without sending a response.")
        try:
            head, rest = split_head(data)
            body = body_after(head, request.method)
        except ValueError as error:
            raise self._core.RemoteProtocolError(str(error)) from error
        return self._core.Response(
            head.status,
            headers=head.headers,
            content=_Content(self, stream, body, rest, timeouts.get("read")),
            extensions={
                "http_version": head.version,
                "reason_phrase": head.reason,
                "network_stream": stream,
            },
        )

    def _connect(self, timeout: Any) -> DeadlineStream:
        host = self._origin.host.decode("ascii")
        stream = self._backend.connect_tcp(host, self._origin.port, timeout)
        if self._origin.scheme != b"https":
            return stream
        self._ssl_context.set_alpn_protocols(["http/1.1"])
        return stream.start_tls(self._ssl_context, host, timeout)

    def to_protocol_error(self, error: ValueError) -> Exception:
        """Convert an error to the library's error for bodies that violate HTTP."""
        raised: Exception = self._core.RemoteProtocolError(str(error))
        return raised

    def release(self, *, is_reusable: bool) -> None:
        """Make the connection idle after a response, or close it if it cannot be reused."""
        with self._lock:
            if is_reusable and self._state is _State.ACTIVE:
                self._expires = time.monotonic() + self._keepalive
                self._state = _State.IDLE
                return
        self.close()

    def close(self) -> None:
        """Close the connection, even while it is in use."""
        self._state = _State.CLOSED
        if self._stream is not None:
            self._stream.close()

    def can_handle_request(self, origin: Any) -> bool:
        """Whether the connection leads to an origin."""
        return bool(origin == self._origin)

    def can_multiplex(self) -> bool:
        """Whether the connection serves several requests at once."""
        return False

    def is_connected(self) -> bool:
        """Whether the connection is open."""
        return self._stream is not None and self._state is not _State.CLOSED

    def is_available(self) -> bool:
        """Whether the connection accepts a request now."""
        return self._state is _State.IDLE

    def is_idle(self) -> bool:
        """Whether the connection is open and unused."""
        return self._state is _State.IDLE

    def is_closed(self) -> bool:
        """Whether the connection is closed."""
        return self._state is _State.CLOSED

    def has_expired(self) -> bool:
        """Whether the connection was idle for too long or the server closed it."""
        if self._state is not _State.IDLE or self._stream is None:
            return False
        return time.monotonic() > self._expires or bool(self._stream.get_extra_info("is_readable"))

    def info(self) -> str:
        """Describe the connection."""
        return f"{str(self._origin)!r}, HTTP/1.1, {self._state.name}"


class _Content:
    """Body of a response, iterated as it arrives."""

    __slots__ = ("_body", "_connection", "_is_closed", "_rest", "_stream", "_timeout")

    def __init__(
        self,
        connection: HTTP11Connection,
        stream: DeadlineStream,
        body: Body,
        rest: bytes,
        timeout: Any,
    ) -> None:
        self._connection, self._stream, self._body = connection, stream, body
        self._rest, self._timeout = rest, timeout
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        body, data, self._rest = self._body, self._rest, b""
        try:
            if data and (piece := body.feed(data)):
                yield piece
            while not body.done:
                if body.broken is not None:
                    raise body.broken
                if piece := body.feed(self._stream.read(_READ, self._timeout)):
                    yield piece
        except ValueError as error:
            self.close()
            raise self._connection.to_protocol_error(error) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the connection."""
        if not self._is_closed:
            self._is_closed = True
            self._connection.release(is_reusable=self._body.done and self._body.is_reusable)


def _send(core: Any, stream: DeadlineStream, request: Any, timeout: Any) -> None:
    """Write a request; a server that closed its side may still have answered."""
    lines = [b"%b %b HTTP/1.1" % (request.method, request.url.target)]
    lines += [b"%b: %b" % header for header in request.headers]
    head = b"\r\n".join([*lines, b"", b""])
    if head.count(b"\n") != len(lines) + 1 or head.count(b"\r") != len(lines) + 1 or b"\0" in head:
        raise core.LocalProtocolError("Illegal header value")
    try:
        stream.write(head, timeout)
        for part in request.stream:
            stream.write(part, timeout)
    except core.WriteError:
        pass
