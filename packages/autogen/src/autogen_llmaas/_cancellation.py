"""Support for AutoGen's cancellation tokens; cancelling one closes the connection.

One task per call or stream: a task per chunk would cost more than reading the chunk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Any, TypeVar

from autogen_core import CancellationToken

T = TypeVar("T")


async def await_cancellable(call: Coroutine[Any, Any, T], token: CancellationToken | None) -> T:
    """Await a call. Raises ``CancelledError`` when the token is cancelled."""
    if token is None:
        return await call
    task = asyncio.ensure_future(call)
    token.link_future(task)
    return await task


async def iterate_cancellable(
    events: AsyncIterator[T], token: CancellationToken | None
) -> AsyncGenerator[T, None]:
    """Yield events as they arrive. Raises ``CancelledError`` when the token is cancelled."""
    if token is None:
        async for event in events:
            yield event
        return
    received: list[T] = []
    wake = asyncio.Event()

    async def read() -> None:
        async for event in events:
            received.append(event)
            wake.set()

    task = asyncio.ensure_future(read())
    task.add_done_callback(lambda _: wake.set())
    token.link_future(task)
    try:
        while not (task.done() and not received):
            await wake.wait()
            wake.clear()
            batch, received[:] = list(received), ()
            for event in batch:
                yield event
        task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
