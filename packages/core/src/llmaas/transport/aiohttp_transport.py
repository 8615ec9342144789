"""Asyncio transport, on aiohttp, whose pool stays fast with a thousand connections."""

from __future__ import annotations

import asyncio
import math
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from functools import lru_cache
from typing import Any

import aiohttp

from llmaas.settings import Limits, Settings
from llmaas.transport.aiohttp_request import ATTEMPT, Attempt, StaleConnection
from llmaas.transport.aiohttp_sessions import READ, session_for
from llmaas.transport.base import Request, TransportError, proxy_failure_kind
from llmaas.transport.decoders import Decoder, TooLarge
from llmaas.transport.pool_registry import PoolKey
from llmaas.transport.upload import Upload
from llmaas.transport.watchdog import Watchdog
from llmaas.wire.failures import TransportFailure, too_large
from llmaas.wire.http_head import HeadTooLarge

_LARGE_BODY = 1 << 18
"""Bytes from which a body is written in pieces."""
_DRAIN_SECONDS = 0.25
"""Seconds to wait for the end of the body of a complete answer, to reuse the connection."""
_GRACE_SECONDS = 0.05
"""Seconds before the deadline at which connecting ends, to tell both timeouts apart."""

_ERRORS = (aiohttp.ClientError, TimeoutError, OSError, zlib.error)


class AiohttpTransport:
    """Transport through the connection pool of the running event loop.

    Sessions belong to a loop and are closed with it. A client may be used in several loops.
    """

    def __init__(self, settings: Settings) -> None:
        self._pool_key = PoolKey.create(settings.root, settings.ca_bundle, settings.proxy)
        self._pool_key.check_proxy()
        self._limits = settings.limits

    async def send(self, request: Request) -> AiohttpReply:
        """Send a request; return the reply once its head was received.

        A reused connection that the server closed before the first byte of the answer is
        replaced: any number of times before the request was sent, otherwise once.
        """
        may_repeat = request.may_repeat
        while True:
            attempt = Attempt()
            token = ATTEMPT.set(attempt)
            try:
                response = await self._send(request)
            except StaleConnection:
                continue
            except _ERRORS as error:
                failure = _to_failure(attempt.failure or error, request)
                if attempt.head is None and failure.kind == "deadline":
                    failure = replace(failure, reached=False)  # still connecting
                if not (may_repeat and attempt.was_stale and failure.kind == "read"):
                    raise TransportError(failure) from error
                may_repeat = False
            else:
                return AiohttpReply(
                    response, request, self._limits, is_raw=attempt.head is not None
                )
            finally:
                ATTEMPT.reset(token)

    async def _send(self, request: Request) -> aiohttp.ClientResponse:
        session = await session_for(self._pool_key)
        connect, read = request.timeout.connect, request.timeout.read
        # The first limit covers waiting for the pool and for a proxy, the second connecting.
        limits = _client_timeout(
            _connect_timeout(request, max(connect, read)), _connect_timeout(request, connect), read
        )
        try:
            async with _timeout_at(request.deadline):
                return await session.request(
                    request.method,
                    request.url,
                    data=_to_payload(request.body),
                    headers=request.headers,
                    allow_redirects=False,
                    proxy=self._pool_key.proxy,
                    timeout=limits,
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            _forget_addresses(session)
            raise

    async def close(self) -> None:
        """Do nothing: the shared pool is closed with its event loop."""


@lru_cache(maxsize=64)
def _client_timeout(connect: float, sock_connect: float, read: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=None,
        connect=connect,
        sock_connect=sock_connect,
        sock_read=read,
        ceil_threshold=math.inf,
    )


def _forget_addresses(session: aiohttp.ClientSession) -> None:
    """Clear the DNS cache after a failed connect: the service may have moved."""
    connector = session.connector
    if isinstance(connector, aiohttp.TCPConnector):
        connector.clear_dns_cache()


def _connect_timeout(request: Request, most: float) -> float:
    """Return the seconds for connecting, a little less than the deadline allows."""
    if request.deadline is None:
        return most
    return max(0.001, min(most, request.deadline - time.monotonic() - _GRACE_SECONDS))


def _to_payload(body: bytes | None) -> bytes | Upload | None:
    return Upload(body) if body is not None and len(body) > _LARGE_BODY else body


class AiohttpReply:
    """Reply whose head was received."""

    __slots__ = (
        "_deadline",
        "_decoder",
        "_is_broken",
        "_is_closed",
        "_is_raw",
        "_request",
        "_response",
        "_watchdog",
        "headers",
        "status",
    )

    def __init__(
        self, response: aiohttp.ClientResponse, request: Request, limits: Limits, *, is_raw: bool
    ) -> None:
        self._response = response
        self._request = request
        self._is_raw = is_raw
        self._watchdog: Watchdog | None = None
        self._is_closed = self._is_broken = False
        self._deadline = request.deadline
        self.status = response.status
        self.headers: Mapping[str, str] = {k.lower(): v for k, v in response.headers.items()}
        # Cassette players never send a request and return decompressed bodies.
        coding = self.headers.get("content-encoding", "") if is_raw else ""
        self._decoder = Decoder(coding, limits)

    async def read(self) -> bytes:
        """Read the whole body."""
        try:
            if self._is_raw and self._response.content.is_eof():  # received together with the head
                return b"".join(self._read_buffered())
            return b"".join([data async for data in self.chunks()])
        finally:
            self._response.release()

    def _read_buffered(self) -> Iterator[bytes]:
        """Yield a body that is fully buffered."""
        try:
            yield from self._decoder.feed(self._response.content.read_nowait())
            self._decoder.check_end()
        except TooLarge as error:
            raise TransportError(too_large(str(error))) from error
        except _ERRORS as error:
            raise self._to_error(error) from error

    async def chunks(self) -> AsyncIterator[bytes]:
        """Iterate over the body as it arrives, with all buffered bytes in one piece."""
        content, feed = self._response.content, self._decoder.feed
        read = content.read
        self._watchdog = Watchdog(self._response)
        try:
            while data := await (
                read(READ) if self._deadline is None else _read_until(self._deadline, content)
            ):
                for piece in feed(data):
                    yield piece
            self._decoder.check_end()
        except TooLarge as error:
            self._response.close()
            raise TransportError(too_large(str(error))) from error
        except _ERRORS as error:
            raise self._to_error(error) from error
        finally:
            self._watchdog.stop()

    async def close(self) -> None:
        """Return the connection to its pool, or close it if the body was not read to its end.

        A read in another task ends at once.
        """
        self._is_closed = True
        if self._watchdog is not None:
            self._watchdog.stop()
        self._response.close()

    def limit_rest(self, seconds: float) -> None:
        """Limit the time for reading the rest of the body, in seconds from now."""
        deadline, until = self._request.deadline, time.monotonic() + seconds
        self._deadline = until if deadline is None else min(deadline, until)

    def _to_error(self, error: BaseException) -> TransportError:
        self._is_broken = True
        failure = _to_failure(error, self._request)
        if self._is_closed:
            failure = replace(failure, kind="read", message="the reply was closed")
        return TransportError(failure)

    async def drain(self) -> None:
        """Read the last bytes of a complete answer, so that the connection can be reused."""
        if self._is_broken:
            self._response.close()
            return
        try:
            read = (
                self._response.content.read
            )  # read once: cassette players create a new content on each access
            async with asyncio.timeout(_DRAIN_SECONDS):
                while await read(READ):
                    pass
        except _ERRORS:
            self._response.close()
        else:
            self._response.release()


def _timeout_at(deadline: float | None) -> AbstractAsyncContextManager[Any]:
    """Build a timeout that ends at a time of ``time.monotonic``; None means no limit."""
    if deadline is None:
        return _NO_TIMEOUT
    return asyncio.timeout(max(0.0, deadline - time.monotonic()))


async def _read_until(deadline: float, content: aiohttp.StreamReader) -> bytes:
    """Read until a deadline; data that arrived while the event loop was busy counts once."""
    is_late = time.monotonic() >= deadline
    try:
        async with _timeout_at(deadline):
            return await content.read(READ)
    except TimeoutError:
        if is_late or not (buffered := content.read_nowait()):
            raise
        return buffered


_NO_TIMEOUT: AbstractAsyncContextManager[None] = nullcontext()


def _to_failure(error: BaseException, request: Request) -> TransportFailure:
    if isinstance(error, HeadTooLarge):
        return too_large(str(error))
    kind, text, reached = _classify(error, request)
    if (
        request.deadline is not None
        and time.monotonic() >= request.deadline - _GRACE_SECONDS - 0.01
    ):
        kind, text = "deadline", "The deadline passed."
    return TransportFailure(kind, text, error, request.method, request.url, reached)


def _classify(error: BaseException, request: Request) -> tuple[str, str, bool]:
    """Return the kind and message of a failure, and whether the request may have arrived."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return *_classify_connect_error(error), False
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        seconds = f"{request.timeout.connect:g} s, nor a free one within {request.timeout.read:g} s"
        return "connect", f"No connection within {seconds}.", False
    if isinstance(error, aiohttp.ClientHttpProxyError):
        why = f"{error.status} {error.message}"
        return proxy_failure_kind(why), f"The proxy refused the connection: {why}", False
    if isinstance(error, TimeoutError):
        return "timeout", f"No data was received within {request.timeout.read:g} s.", True
    return "read", f"The connection was lost: {error or type(error).__name__}", True


def _classify_connect_error(error: aiohttp.ClientConnectorError) -> tuple[str, str]:
    inner = error.__cause__ or error.os_error
    if isinstance(error, aiohttp.ClientSSLError) or isinstance(inner, ssl.SSLError):
        return "tls", f"TLS verification failed: {inner}"
    return "connect", f"No connection: {error}"
