"""How many calls at once: more while all goes well, half when the service says too many."""

from __future__ import annotations

import asyncio
import random
import time

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
"""Seconds to wait after a 429 without a time; the service advises 60."""


class AdaptiveLimiter:
    """Lets at most ``limit`` calls run; ``limit`` moves between 1 and ``most``."""

    def __init__(self, start: int, most: int) -> None:
        self.limit = float(min(start, most))
        self.most, self.running = most, 0
        self._halved_at = float("-inf")
        self._closed_until = 0.0
        self._streak = 0
        self._room = asyncio.Condition()

    async def enter(self) -> float:
        """Wait for room and for the end of a pause; return the moment."""
        async with self._room:
            await self._room.wait_for(lambda: self.running < int(self.limit))
            self.running += 1
        try:
            await self._until_open()
        except BaseException:
            await self._make_room()
            raise
        return time.monotonic()

    async def _until_open(self) -> None:
        rest = self._closed_until - time.monotonic()
        if rest > 0:
            await asyncio.sleep(rest)
            await self._until_open()  # it may have been closed anew

    async def leave(self) -> None:
        """Make room after a call that says nothing about the pace."""
        await self._make_room()

    async def on_success(self) -> None:
        """Make room, and a little more: one more call with each round of calls."""
        self._streak = 0
        was_limited = self._halved_at > 0
        self.limit = min(self.most, self.limit + (1 / self.limit if was_limited else 1))
        await self._make_room()

    async def on_throttle(self, entered: float, retry_after: float | None) -> None:
        """Make half of the room, once for all calls that were under way, and pause."""
        now = time.monotonic()
        if entered > self._halved_at:
            self.limit, self._halved_at = max(1.0, self.limit / 2), now
            self._streak += 1
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._streak - 1, 10))
        wait = pause * random.uniform(0.75, 1) if retry_after is None else retry_after  # noqa: S311
        self._closed_until = max(self._closed_until, now + wait)
        await self._make_room()

    async def _make_room(self) -> None:
        async with self._room:
            self.running -= 1
            self._room.notify_all()
