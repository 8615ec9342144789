"""Connector of aiohttp whose connect timeout does not count time in which the loop was busy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

_LATE_SECONDS = 0.05
"""Delay of a timer from which the event loop counts as busy."""
_MAX_EXTENSIONS = 10
"""Extensions of one timeout, so that it also ends in a loop that is always busy."""
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


class Connector(aiohttp.TCPConnector):
    """Connector that never times out only because the event loop was busy.

    A thousand calls that start at once may keep the loop busy for longer than the timeout. In its
    next turn, aiohttp's own timers would cancel connections that are established by then.
    """

    # private: aiohttp 3.12 to 3.14 time connecting here alone. A version that lacks this method
    # or passes its timeout otherwise keeps its own timer; remove it when that heeds a busy loop.
    async def _wrap_create_connection(self, *args: Any, **options: Any) -> Any:
        seconds = getattr(options.get("timeout"), "sock_connect", None)
        if not seconds:
            return await super()._wrap_create_connection(*args, **options)
        options["timeout"] = _NO_TIMEOUT
        async with _timeout_of_idle_loop(seconds):
            return await super()._wrap_create_connection(*args, **options)


@asynccontextmanager
async def _timeout_of_idle_loop(seconds: float) -> AsyncIterator[None]:
    """Raise ``TimeoutError`` after some seconds, extended by those in which the loop was busy."""
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def expire(due: float, extensions: int) -> None:
        nonlocal timer
        now = loop.time()
        late = now - due
        if late < _LATE_SECONDS or extensions == _MAX_EXTENSIONS:
            limit.reschedule(now)
        else:
            timer = loop.call_at(now + late, expire, now + late, extensions + 1)

    due = loop.time() + seconds
    timer = loop.call_at(due, expire, due, 0)
    try:
        async with asyncio.timeout(None) as limit:
            yield
    finally:
        timer.cancel()
