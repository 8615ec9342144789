"""Adaptive limit of the calls in flight."""

from __future__ import annotations

import asyncio
import random
import time

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
"""Seconds to wait after a 429 without ``Retry-After``; the service advises 60."""


class AdaptiveLimiter:
    """Adaptive concurrency limiter (AIMD).

    Adds one slot per round of successes and halves the limit on a 429, once for all calls that
    were in flight. ``limit`` stays between 1 and ``maximum``.
    """

    def __init__(self, initial: int, maximum: int) -> None:
        self.limit = float(min(initial, maximum))
        self.maximum, self.running = maximum, 0
        self._halved_at = float("-inf")
        self._paused_until = 0.0
        self._streak = 0
        self._slot_freed = asyncio.Condition()

    async def acquire(self) -> float:
        """Wait for a slot and for the end of a pause; return the time (``time.monotonic``)."""
        async with self._slot_freed:
            await self._slot_freed.wait_for(lambda: self.running < int(self.limit))
            self.running += 1
        try:
            await self._wait_for_pause()
        except BaseException:
            await self.release()
            raise
        return time.monotonic()

    async def _wait_for_pause(self) -> None:
        remaining = self._paused_until - time.monotonic()
        if remaining > 0:
            await asyncio.sleep(remaining)
            await self._wait_for_pause()  # it may have been extended meanwhile

    async def release(self) -> None:
        """Free a slot and leave the limit unchanged."""
        async with self._slot_freed:
            self.running -= 1
            self._slot_freed.notify_all()

    async def on_success(self) -> None:
        """Free a slot and raise the limit: by one per call until a first 429, then per round."""
        self._streak = 0
        was_halved = self._halved_at > 0
        self.limit = min(self.maximum, self.limit + (1 / self.limit if was_halved else 1))
        await self.release()

    async def on_throttle(self, acquired_at: float, retry_after: float | None) -> None:
        """Free a slot, halve the limit once per round, and pause all calls."""
        now = time.monotonic()
        if acquired_at > self._halved_at:
            self.limit, self._halved_at = max(1.0, self.limit / 2), now
            self._streak += 1
        wait = self._backoff() if retry_after is None else retry_after
        self._paused_until = max(self._paused_until, now + wait)
        await self.release()

    def _backoff(self) -> float:
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._streak - 1, 10))
        return float(pause * random.uniform(0.75, 1))  # noqa: S311
