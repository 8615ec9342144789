"""The synchronous shell, on the HTTP library that the openai SDK brought."""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from llmaas.settings import Settings
from llmaas.transport.base import BrokenTransport, Request
from llmaas.transport.network import KEEPALIVE, POOL_SIZE, Network, Shared, tls_context
from llmaas.wire.faults import TransportFailure


class SyncShell:
    """Sends requests through the process's pool for this network. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._network = Network.to(settings.root, settings.ca_bundle, settings.proxy)
        self._pool: Any = None
        self._generation: object = None

    def send(self, request: Request) -> SyncReply:
        """Return the reply once its head has come."""
        pool = self._pool
        if pool is None or self._generation is not _pools.generation:  # new, or after a fork
            self._generation = _pools.generation
            pool = self._pool = _pools.borrow(self._network, self)
        library = _library()
        timeout = request.timeout
        read = timeout.read if request.deadline is None else _left(request, timeout.read)
        message = library.Request(
            request.method,
            _parsed(request.url),
            headers=request.headers,
            content=request.body,
            extensions={
                "timeout": {"connect": timeout.connect, "read": read, "write": read, "pool": read}
            },
        )
        try:
            response = pool.handle_request(message)
        except library.TransportError as error:
            raise BrokenTransport(_failure(library, error, request)) from error
        return SyncReply(response, request)

    def close(self) -> None:
        """Give the pool back; a later request borrows it again."""
        self._pool = None
        _pools.give_back(self._network, id(self))


class SyncReply:
    """A reply whose head has come."""

    __slots__ = ("_body", "_request", "_response", "headers", "status")

    def __init__(self, response: Any, request: Request) -> None:
        self._response = response
        self._request = request
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers.raw
        }
        encoded = self.headers.get("content-encoding", "identity") != "identity"
        # The plain stream spares the library's decoding and bookkeeping for each read.
        self._body = response.iter_bytes() if encoded else iter(response.stream)

    def read(self) -> bytes:
        """Return the whole body."""
        try:
            return b"".join(self.chunks())
        finally:
            self.close()

    def chunks(self) -> Iterator[bytes]:
        """Return the body as it comes."""
        library = _library()
        deadline = self._request.deadline
        try:
            for chunk in self._body:
                if deadline is not None and time.monotonic() > deadline:
                    raise BrokenTransport(_deadline(self._request))
                yield chunk
        except (library.TransportError, library.DecodingError, zlib.error) as error:
            raise BrokenTransport(_failure(library, error, self._request)) from error

    def close(self) -> None:
        """Give the connection back, or close it."""
        self._response.close()

    def drain(self) -> None:
        """Read the last bytes of a complete answer, so that the connection lives."""
        try:
            for _ in self._body:
                pass
        except (_library().TransportError, zlib.error):
            pass  # the answer is whole; only the connection is lost


def _library() -> Any:
    global _http
    if _http is None:
        from llmaas.sdk import http

        _http = http()
    return _http


_http: Any = None


@lru_cache(maxsize=64)
def _parsed(url: str) -> Any:
    """Parse an address once: a client has few, and parsing costs as much as a small request."""
    return _library().URL(url)


def _make(network: Network) -> Any:
    library = _library()
    # No certificates are loaded where none are needed; the context still verifies.
    verify = (
        tls_context(network.ca_bundle)
        if network.is_tls
        else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    return library.HTTPTransport(
        verify=verify,
        trust_env=False,
        proxy=network.proxy,
        limits=library.Limits(
            max_connections=POOL_SIZE,
            max_keepalive_connections=POOL_SIZE,
            keepalive_expiry=KEEPALIVE,
        ),
    )


_pools: Shared[Any] = Shared(_make, lambda pool: pool.close())


def _left(request: Request, limit: float) -> float:
    assert request.deadline is not None
    return max(0.001, min(limit, request.deadline - time.monotonic()))


def _deadline(request: Request) -> TransportFailure:
    return TransportFailure("deadline", "The deadline passed.", None, request.method, request.url)


def _failure(library: Any, error: Exception, request: Request) -> TransportFailure:
    if request.deadline is not None and time.monotonic() >= request.deadline:
        return _deadline(request)
    if isinstance(error, library.ConnectTimeout):
        kind, text = "connect", f"No connection within {request.timeout.connect:g} s."
    elif isinstance(error, library.TimeoutException):
        kind, text = "timeout", f"No byte came within {request.timeout.read:g} s."
    elif isinstance(error, library.ConnectError):
        kind, text = _of_connect(error)
    else:
        kind, text = "read", f"The connection broke: {error or type(error).__name__}"
    return TransportFailure(kind, text, error, request.method, request.url)


def _of_connect(error: Exception) -> tuple[str, str]:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError) or "CERTIFICATE_VERIFY" in str(seen):
            return "tls", f"No trust in the connection: {seen}"
        seen = seen.__cause__ or seen.__context__
    return "connect", f"No connection: {error}"
