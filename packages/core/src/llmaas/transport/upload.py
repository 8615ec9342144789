"""Large request bodies for asyncio, such as audio files."""

from __future__ import annotations

import asyncio
from io import BytesIO

from aiohttp import BytesIOPayload, ClientError
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter


class Upload(BytesIOPayload):
    """Body that is written in pieces, so that the event loop is not blocked.

    Cancelling the write aborts the connection, because closing it would wait for the server to
    read everything written. If the server breaks the connection, the reader of the answer
    reports it, because the server may have answered before.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__(BytesIO(body))

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write; abort the connection when cancelled."""
        transport = writer.transport if isinstance(writer, StreamWriter) else None
        try:
            await super().write_with_length(writer, content_length)
        except (OSError, ClientError):
            await asyncio.sleep(0)  # let the loop report the loss to the reader
            await asyncio.sleep(0)
        except BaseException:
            if transport is not None:
                transport.abort()
            raise
