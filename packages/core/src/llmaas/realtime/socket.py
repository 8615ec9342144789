"""WebSocket of one utterance, on aiohttp."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from llmaas._error_factory import build_error
from llmaas.settings import Settings
from llmaas.transport.pool_registry import PoolKey, tls_context
from llmaas.wire.failures import StatusFailure, TransportFailure

PATH = "/v1/realtime"
BROKEN_CONNECTION = (aiohttp.ClientError, aiohttp.WebSocketError, ConnectionError)
"""Errors of a connection that ended, or of a server that broke the WebSocket protocol."""
_MAX_MESSAGE_BYTES = 1 << 20


@asynccontextmanager
async def open_socket(settings: Settings) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open a connection and yield its socket.

    Raises the ``APIError`` of a refused upgrade (401, 403, 404), or ``APIConnectionError``.
    """
    network = PoolKey.create(settings.root, settings.ca_bundle, settings.proxy)
    network.check_proxy()
    tls = tls_context(network.ca_bundle) if network.is_tls else True
    connector = aiohttp.TCPConnector(ssl=tls)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=settings.timeout.connect)
    # Its own session: the pool's parser of headers treats 101 as an interim response.
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, trace_configs=[_refuse_redirects()]
    ) as session:
        socket = await _connect(session, settings, network)
        try:
            yield socket
        finally:
            await socket.close()


def _refuse_redirects() -> aiohttp.TraceConfig:
    """Build a trace that refuses redirects: headers with secrets would go to another address."""

    async def refuse(
        session: Any, context: Any, params: aiohttp.TraceRequestRedirectParams
    ) -> None:
        answer = params.response
        raise aiohttp.WSServerHandshakeError(
            answer.request_info, answer.history, status=answer.status, headers=answer.headers
        )

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    return trace


async def _connect(
    session: aiohttp.ClientSession, settings: Settings, network: PoolKey
) -> aiohttp.ClientWebSocketResponse:
    url = "ws" + settings.root.removeprefix("http") + PATH
    try:
        # The key is not in a variable, since tools print the variables of traceback frames.
        return await session.ws_connect(
            url,
            headers={
                **dict(settings.headers),
                "authorization": f"Bearer {await _read_key(settings)}",
            },
            proxy=network.proxy,
            heartbeat=20.0,
            max_msg_size=_MAX_MESSAGE_BYTES,
        )
    except aiohttp.WSServerHandshakeError as error:
        raise build_error(_refusal(error, url), secrets=settings.secrets) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise build_error(build_failure(error, url), secrets=settings.secrets) from error


def _refusal(error: aiohttp.WSServerHandshakeError, url: str) -> StatusFailure | TransportFailure:
    """Build the failure of a server that did not upgrade the connection."""
    if error.status < 300:
        text = f"the server answered {error.status} and does not support WebSockets at this address"
        return TransportFailure("connect", text, error, "GET", url)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    return StatusFailure(error.status, headers, b"", "GET", url)


def build_failure(error: BaseException | None, url: str) -> TransportFailure:
    """Build the failure of a connection that could not be opened or ended too early."""
    kind = "timeout" if isinstance(error, TimeoutError) else "read"
    if isinstance(error, aiohttp.ClientConnectorError):
        kind = "connect"
    text = str(error) if error else "the service closed the connection before the text was complete"
    return TransportFailure(kind, text, error, "GET", url)


async def _read_key(settings: Settings) -> str:
    key = settings.key.get()
    return str(await key if inspect.isawaitable(key) else key)
