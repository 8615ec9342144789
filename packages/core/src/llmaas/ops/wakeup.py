"""A wake-up call across threads and event loops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress


class Wakeup:
    """Wakes one waiter, in a thread or in an event loop. A call that comes early is kept."""

    __slots__ = ("_event", "_notify")

    def __init__(self) -> None:
        self._event = threading.Event()
        self._notify: Callable[[], object] | None = None

    def wake(self) -> None:
        """Wake the waiter, from any thread."""
        self._event.set()
        if (notify := self._notify) is not None:
            with suppress(RuntimeError):  # its event loop has ended
                notify()

    def wait(self, seconds: float) -> None:
        """Wait in this thread."""
        self._event.wait(seconds)
        self._event.clear()

    async def wait_async(self, seconds: float) -> None:
        """Wait in the running event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._notify = lambda: loop.call_soon_threadsafe(_finish, future)
        try:
            if not self._event.is_set():
                await asyncio.wait({future}, timeout=seconds)
        finally:
            self._notify = None
            self._event.clear()


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
