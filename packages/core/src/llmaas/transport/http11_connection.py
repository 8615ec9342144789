"""Direct HTTP/1.1 connection.

The HTTP library's own connection spends three quarters of a call in an HTTP/1.1 state machine
that also supports servers, and yields each chunk of a stream separately. This one joins the chunks
of a read. It raises the library's exceptions.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from llmaas.transport.deadline_backend import DeadlineBackend, DeadlineStream
from llmaas.transport.pool_registry import KEEPALIVE
from llmaas.wire.http_framing import Body, body_after, split_head

_READ = 1 << 16


class Origin(NamedTuple):
    """Server that a connection leads to. ``ssl_context`` is None without TLS."""

    host: str
    port: int
    ssl_context: ssl.SSLContext | None


class Release(Protocol):
    """Callback that ends the use of a connection by a request."""

    def __call__(self, connection: HTTP11Connection, *, is_reusable: bool) -> None:
        """Return the connection to its pool."""


class HTTP11Connection:
    """Connection opened by its first request. Its pool gives it one request at a time."""

    def __init__(
        self, core: Any, library: Any, origin: Origin, backend: DeadlineBackend, release: Release
    ) -> None:
        self._core, self._library = core, library
        self._origin, self._backend, self._release = origin, backend, release
        self._stream: DeadlineStream | None = None
        self._lock = threading.Lock()
        self.expires = 0.0
        """When an idle connection is too old, on the clock of ``time.monotonic``."""

    def handle_request(self, request: Any, timeouts: dict[str, Any]) -> Any:
        """Send a request; return the response once its head was received."""
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
            raise self.to_protocol_error(error) from error
        return self._library.Response(
            head.status,
            headers=head.headers,
            stream=_Content(self, stream, body, rest, timeouts.get("read")),
            extensions={
                "http_version": head.version,
                "reason_phrase": head.reason,
                "network_stream": stream,
            },
        )

    def _connect(self, timeout: Any) -> DeadlineStream:
        host, port, ssl_context = self._origin
        stream = self._backend.connect_tcp(host, port, timeout)
        if ssl_context is None:
            return stream
        ssl_context.set_alpn_protocols(["http/1.1"])
        return stream.start_tls(ssl_context, host, timeout)

    def to_protocol_error(self, error: ValueError) -> Exception:
        """Convert an error to the library's error for messages that violate HTTP."""
        raised: Exception = self._core.RemoteProtocolError(str(error))
        return raised

    def release(self, content: _Content, *, is_reusable: bool) -> None:
        """End the use by a response, once, whichever thread asks first."""
        with self._lock:
            if content.is_closed:
                return
            content.is_closed = True
        self.expires = time.monotonic() + KEEPALIVE
        self._release(self, is_reusable=is_reusable)

    def has_expired(self) -> bool:
        """Whether an idle connection is too old, or was closed by the server."""
        stream = self._stream
        if stream is None:  # new
            return False
        return time.monotonic() > self.expires or bool(stream.get_extra_info("is_readable"))

    def close(self) -> None:
        """Close the connection, even while it is in use."""
        if self._stream is not None:
            self._stream.close()


class _Content:
    """Body of a response, iterated as it arrives."""

    __slots__ = ("_body", "_connection", "_rest", "_stream", "_timeout", "is_closed")

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
        self.is_closed = False

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
        if not self.is_closed:
            is_reusable = self._body.done and self._body.is_reusable
            self._connection.release(self, is_reusable=is_reusable)


def _send(core: Any, stream: DeadlineStream, request: Any, timeout: Any) -> None:
    """Write a request; a server that closed its side may still have answered."""
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    head = b"\r\n".join([*lines, b"", b""])
    if head.count(b"\n") != len(lines) + 1 or head.count(b"\r") != len(lines) + 1 or b"\0" in head:
        raise core.LocalProtocolError("Illegal header value")
    try:
        stream.write(head, timeout)
        for part in request.stream:
            stream.write(part, timeout)
    except core.WriteError:
        pass
