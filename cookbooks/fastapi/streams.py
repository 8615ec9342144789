"""Server-sent events that end when the client disconnects, so that no unread token is billed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any, TypeVar

from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

T = TypeVar("T")


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Await ``work``. Cancel it and raise ``ClientDisconnect`` if the client disconnects first."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        task.cancel()
        gone.cancel()
        # A single cancellation lets the task settle its quota and budget reservations.
        await asyncio.gather(task, gone, return_exceptions=True)


class EventStream(StreamingResponse):
    """Event stream that always closes its resources."""

    def __init__(self, events: AsyncIterator[str], resources: AsyncExitStack) -> None:
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the stream ends or the client disconnects."""
        async with self._resources:
            with suppress(ClientDisconnect):
                await while_connected(receive, self.stream_response(send))


def event(data: Any, name: str | None = None) -> str:
    """Format one event. Data other than text is serialized as JSON."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"event: {name}\ndata: {text}\n\n" if name else f"data: {text}\n\n"


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
