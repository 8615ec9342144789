"""Minimal HTTP/1.1 client: one request per connection, streamed responses."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

_READ = 65_536
_CONNECT_SECONDS = 10


class UpstreamError(Exception):
    """The engine is unreachable or does not speak HTTP."""


@dataclass(frozen=True, slots=True)
class UpstreamResponse:
    """Response of the engine, whose body is streamed."""

    status: int
    headers: Mapping[str, str]
    body: AsyncIterator[bytes]

    async def read(self) -> bytes:
        """Read the whole body."""
        return b"".join([part async for part in self.body])


async def send_request(
    url: str, method: str, headers: Mapping[str, str], body: bytes
) -> UpstreamResponse:
    """Send one request; return when the headers have arrived."""
    parts = urlsplit(url)
    reader, writer = await _connect(parts.hostname or "", parts.port, parts.scheme == "https")
    connection = h11.Connection(h11.CLIENT)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {
        "host": parts.netloc,
        "connection": "close",
        **headers,
        "content-length": str(len(body)),
    }
    try:
        request = h11.Request(method=method, target=target, headers=list(sent.items()))
        for event in (request, h11.Data(data=body), h11.EndOfMessage()):
            writer.write(connection.send(event) or b"")
        await writer.drain()
        response = await _next(connection, reader)
        while isinstance(response, h11.InformationalResponse):
            response = await _next(connection, reader)
    except (OSError, h11.ProtocolError) as problem:
        writer.close()
        raise UpstreamError(str(problem)) from None
    if not isinstance(response, h11.Response):
        writer.close()
        raise UpstreamError("no answer")
    received = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
    return UpstreamResponse(response.status_code, received, _body(connection, reader, writer))


async def _connect(
    host: str, port: int | None, secure: bool
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = ssl.create_default_context() if secure else None
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            return await asyncio.open_connection(host, port or (443 if secure else 80), ssl=context)
    except OSError as problem:  # a timeout is one too
        raise UpstreamError(str(problem)) from None


async def _next(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(_READ))
    return event


async def _body(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> AsyncIterator[bytes]:
    try:
        while isinstance(event := await _next(connection, reader), h11.Data):
            yield bytes(event.data)
    except (OSError, h11.ProtocolError) as problem:
        raise UpstreamError(str(problem)) from None
    finally:
        writer.close()
