"""The WebSocket of one utterance, on aiohttp."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from llmaas._error_factory import build_error
from llmaas.settings import Settings
from llmaas.transport.pool_registry import PoolKey, tls_context
from llmaas.wire.failures import StatusFailure, TransportFailure

PATH = "/v1/realtime"
_LARGEST = 1 << 20
"""Bytes of one message of the server."""


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Yield the socket of a new connection.

    Raises the ``APIError`` of a refused upgrade (401, 403, 404), or ``APIConnectionError``.
    """
    network = PoolKey.create(settings.root, settings.ca_bundle, settings.proxy)
    network.check_proxy()
    tls = tls_context(network.ca_bundle) if network.is_tls else True
    connector = aiohttp.TCPConnector(ssl=tls)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=settings.timeout.connect)
    # A session of its own: the pool's reader of heads takes a 101 for an interim answer.
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        socket = await _opened(session, settings, network)
        try:
            yield socket
        finally:
            await socket.close()


async def _opened(
    session: aiohttp.ClientSession, settings: Settings, network: PoolKey
) -> aiohttp.ClientWebSocketResponse:
    url = "ws" + settings.root.removeprefix("http") + PATH
    try:
        # No variable holds the key: tools print those of a traceback's frames.
        return await session.ws_connect(
            url,
            headers={**dict(settings.headers), "authorization": f"Bearer {await _key(settings)}"},
            proxy=network.proxy,
            heartbeat=20.0,
            max_msg_size=_LARGEST,
        )
    except aiohttp.WSServerHandshakeError as error:
        failure = StatusFailure(error.status, dict(error.headers or {}), b"", "GET", url)
        raise build_error(failure, secrets=settings.secrets) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise build_error(broken(error, url), secrets=settings.secrets) from error


def broken(error: BaseException | None, url: str) -> TransportFailure:
    """Describe a connection that failed or ended too early."""
    kind = "timeout" if isinstance(error, TimeoutError) else "read"
    if isinstance(error, aiohttp.ClientConnectorError):
        kind = "connect"
    text = str(error) if error else "the service closed the connection before the text was whole"
    return TransportFailure(kind, text, error, "GET", url)


async def _key(settings: Settings) -> str:
    key = settings.key.get()
    return str(await key if inspect.isawaitable(key) else key)
