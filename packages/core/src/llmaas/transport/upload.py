"""A large body for asyncio: a recording, say."""

from __future__ import annotations

import asyncio
from io import BytesIO

from aiohttp import BytesIOPayload, ClientError
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter


class Upload(BytesIOPayload):
    """Is written in pieces, as all at once would hold up the loop.

    When it is given up half-way, so is the connection, at once: closing would first wait for
    all that was written to be read, and a deaf server never reads it. When the server breaks
    the connection, the reader of the answer tells: it may have answered before.
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
            await asyncio.sleep(0)  # let the loop tell the reader that the connection is lost
            await asyncio.sleep(0)
        except BaseException:
            if transport is not None:
                transport.abort()
            raise
