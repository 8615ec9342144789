"""Synchronous transport, on the HTTP library of the openai SDK."""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any

from llmaas._http_library import http, http_core
from llmaas.settings import Limits, Settings
from llmaas.transport.base import Request, TransportError, proxy_failure_kind
from llmaas.transport.connection_pool import ConnectionPool
from llmaas.transport.deadline_timeout import DeadlineTimeout
from llmaas.transport.decoders import Decoder, TooLarge
from llmaas.transport.pool_registry import PoolKey, PoolRegistry
from llmaas.wire.failures import TransportFailure, too_large

_DRAIN = 0.25
"""Seconds to wait for the end of the body of a complete answer, to reuse the connection."""


class HTTPXTransport:
    """Transport through the process-wide connection pool of a base URL. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._pool_key = PoolKey.create(settings.root, settings.ca_bundle, settings.proxy)
        self._limits = settings.limits
        self._pool: tuple[object, ConnectionPool] | None = None
        """Pool and its generation in one tuple, so that threads after a fork read both at once."""

    def send(self, request: Request) -> HTTPXReply:
        """Send a request; return the reply once its head was received.

        A reused connection that the server closed before the first byte of the answer is
        replaced once.
        """
        timeout = DeadlineTimeout(request.timeout.read, request.deadline)
        try:
            return self._send(request, timeout)
        except _errors() as error:
            failure = _to_failure(error, request, timeout)
            if failure.kind != "read" or not (timeout.was_stale and request.may_repeat):
                raise TransportError(failure) from error
        timeout = DeadlineTimeout(request.timeout.read, request.deadline)
        try:
            return self._send(request, timeout)
        except _errors() as error:
            raise TransportError(_to_failure(error, request, timeout)) from error

    def _send(self, request: Request, timeout: DeadlineTimeout) -> HTTPXReply:
        acquired = self._pool
        if acquired is None or acquired[0] is not _pools.generation:  # new, or after a fork
            acquired = self._pool = (_pools.generation, _pools.acquire(self._pool_key, self))
        silence, deadline = request.timeout.read, request.deadline
        timeouts = {
            "connect": DeadlineTimeout(request.timeout.connect, deadline),
            "read": timeout,
            "write": timeout,
            "pool": silence if deadline is None else min(silence, max(0, _remaining(deadline))),
        }
        response = acquired[1].transport.handle_request(_build_request(request, timeouts))
        return HTTPXReply(response, request, timeout, self._limits)

    def close(self) -> None:
        """Release the pool; a later request acquires it again."""
        self._pool = None
        _pools.release(self._pool_key, id(self))


class HTTPXReply:
    """Reply whose head was received."""

    __slots__ = (
        *("_body", "_limits", "_network", "_request", "_stream", "_timeout", "headers", "status"),
    )

    def __init__(
        self, response: Any, request: Request, timeout: DeadlineTimeout, limits: Limits
    ) -> None:
        self._stream = response.stream
        self._network = response.extensions.get("network_stream")
        self._request = request
        self._timeout = timeout
        self._limits = limits
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers.raw
        }
        # The raw stream avoids the library's decoding and bookkeeping on each read.
        self._body = iter(self._stream)

    @property
    def connection(self) -> tuple[Any, str | None]:
        """Local address and TLS version of the connection; None once it is closed."""
        with suppress(AttributeError, OSError):
            tls = self._network.get_extra_info("ssl_object")
            return self._network.get_extra_info("client_addr"), tls and tls.version()
        return None, None

    def read(self) -> bytes:
        """Read the whole body."""
        try:
            return b"".join(self.chunks())
        finally:
            self.close()

    def chunks(self) -> Iterator[bytes]:
        """Iterate over the body as it arrives."""
        decoder = Decoder(self.headers.get("content-encoding", ""), self._limits)
        try:
            for data in self._body:
                yield from decoder.feed(data)
            decoder.check_end()
        except TooLarge as error:
            self.close()
            raise TransportError(too_large(str(error))) from error
        except _errors() as error:
            raise TransportError(_to_failure(error, self._request, self._timeout)) from error

    def close(self) -> None:
        """Return the connection to its pool, or close it; a read in another thread ends at once."""
        if not self._timeout.abort():
            self._stream.close()

    def limit_rest(self, seconds: float) -> None:
        """Limit the time for reading the rest of the body, in seconds from now."""
        deadline = self._request.deadline
        until = time.monotonic() + seconds
        self._timeout.deadline = until if deadline is None else min(deadline, until)
        self._timeout.may_read_late = True

    def drain(self) -> None:
        """Read the last bytes of a complete answer, so that the connection can be reused."""
        self._timeout.deadline = min(self._timeout.deadline, time.monotonic() + _DRAIN)
        try:
            for _ in self._body:
                pass
        except _errors():
            pass  # the answer is complete; only the connection is lost


_pools: PoolRegistry[ConnectionPool] = PoolRegistry(ConnectionPool, ConnectionPool.close)


@cache
def _errors() -> tuple[type[Exception], ...]:
    """Return the errors that the library and decompression raise."""
    core = http_core()
    own = (core.NetworkError, core.ProtocolError, core.ProxyError, core.TimeoutException)
    return (*own, zlib.error)


def _build_request(request: Request, timeouts: Mapping[str, float]) -> Any:
    """Build the library's request, complete, so that the library adds no headers."""
    url = _parse_url(request.url)
    headers = {"host": url.netloc.decode("ascii"), **request.headers}
    body = request.body or b""
    if body or request.method != "GET":
        headers["content-length"] = str(len(body))
    library = http()
    return library.Request(
        request.method,
        url,
        headers=headers,
        stream=library.ByteStream(body),
        extensions={"timeout": timeouts},
    )


@lru_cache(maxsize=64)
def _parse_url(url: str) -> Any:
    """Parse a URL once: a client uses few, and parsing costs as much as a small request."""
    return http().URL(url)


def _remaining(deadline: float) -> float:
    return deadline - time.monotonic()


def _to_failure(error: Exception, request: Request, timeout: DeadlineTimeout) -> TransportFailure:
    if timeout.failure is not None:
        return too_large(str(timeout.failure))
    kind, text, reached = _classify(error, request)
    if timeout.is_aborted:
        kind, text = "read", "the reply was closed"
    elif timeout.has_expired:
        kind, text = "deadline", "The deadline passed."
    return TransportFailure(kind, text, error, request.method, request.url, reached)


def _classify(error: Exception, request: Request) -> tuple[str, str, bool]:
    """Return the kind and message of a failure, and whether the request may have arrived."""
    core = http_core()
    if isinstance(error, core.PoolTimeout):
        return "connect", "No connection of the pool became free in time.", False
    if isinstance(error, core.ConnectTimeout):
        return "connect", f"No connection within {request.timeout.connect:g} s.", False
    if isinstance(error, core.TimeoutException):
        return "timeout", f"No data was received within {request.timeout.read:g} s.", True
    if isinstance(error, core.ProxyError):
        return proxy_failure_kind(str(error)), f"The proxy refused the connection: {error}", False
    if isinstance(error, core.ConnectError):
        return *_classify_connect_error(error), False
    return "read", f"The connection was lost: {error or type(error).__name__}", True


def _classify_connect_error(error: Exception) -> tuple[str, str]:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError) or "CERTIFICATE_VERIFY" in str(seen):
            return "tls", f"TLS verification failed: {seen}"
        seen = seen.__cause__ or seen.__context__
    return "connect", f"No connection: {error}"
