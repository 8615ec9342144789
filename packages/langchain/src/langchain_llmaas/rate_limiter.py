"""A rate limiter that knows what the service limits: output tokens, by hour and by day."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any

from langchain_core.rate_limiters import BaseRateLimiter

from llmaas import Completion

HOUR, DAY = 3_600.0, 86_400.0
TOKENS_PER_HOUR = {1: 150_000, 2: 300_000, 3: 450_000, 4: 600_000}
"""Output tokens per hour by tier, as documented since 2025-06-05; a day has 24 times as many."""

_POLL, _LONGEST_NAP = 0.1, 5.0


class TierRateLimiter(BaseRateLimiter):
    """Waits until the account's tier has output tokens left, for ``ChatLLMaaS(rate_limiter=)``.

    Before a request its tokens are unknown: as many as recent answers had are set aside, and
    replaced by the true number once the answer is there. In memory, for one process; to be
    shared by all models that use one account.
    """

    def __init__(
        self,
        tier: int | None = None,
        *,
        tokens_per_hour: int | None = None,
        tokens_per_day: int | None = None,
        expected: int = 500,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take a tier (1 to 4), or limits of your own; ``expected`` tokens for a first answer."""
        if tier is not None and tier not in TOKENS_PER_HOUR:
            raise ValueError(f"tier must be one of {[*TOKENS_PER_HOUR]}, not {tier!r}")
        hourly = tokens_per_hour or (TOKENS_PER_HOUR[tier] if tier else None)
        daily = tokens_per_day or (TOKENS_PER_HOUR[tier] * 24 if tier else None)
        limits = [(HOUR, hourly), (DAY, daily)]
        self._windows = [_Window(seconds, limit) for seconds, limit in limits if limit]
        if not self._windows:
            raise ValueError("say which tier, or how many tokens per hour or day")
        self._expected = float(expected)
        self._open: deque[int] = deque()
        self._clock = clock
        self._lock = threading.Lock()

    def acquire(self, *, blocking: bool = True) -> bool:
        """Set tokens aside for a request, waiting for them if need be."""
        while (wait := self._wait_for_room()) > 0:
            if not blocking:
                return False
            time.sleep(wait)
        return True

    async def aacquire(self, *, blocking: bool = True) -> bool:
        """Set tokens aside for a request, waiting for them if need be."""
        while (wait := self._wait_for_room()) > 0:
            if not blocking:
                return False
            await asyncio.sleep(wait)
        return True

    def settle(self, tokens: int | None) -> None:
        """Replace the oldest tokens set aside by those used; None (unknown) keeps the guess."""
        with self._lock:
            guess = self._open.popleft() if self._open else 0
            if tokens:
                self._expected += (tokens - self._expected) / 8
            for window in self._windows:
                window.add(self._clock(), guess if tokens is None else tokens)

    @property
    def remaining(self) -> int:
        """The output tokens left, in the tightest window, after those set aside."""
        with self._lock:
            now = self._clock()
            left = min(window.left(now) for window in self._windows)
            return max(0, left - sum(self._open))

    def _wait_for_room(self) -> float:
        """Set tokens aside and return 0, or return how long to wait before the next attempt."""
        with self._lock:
            now, aside = self._clock(), sum(self._open)
            wanted = max(1, min(int(self._expected), *(w.limit for w in self._windows)))
            waits = [window.wait(now, aside + wanted) for window in self._windows]
            if not any(waits):
                self._open.append(wanted)
            return min(max(waits), _LONGEST_NAP)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()


class _Window:
    """What was used within the last so many seconds, kept in sixtieths of that time."""

    def __init__(self, seconds: float, limit: int) -> None:
        self.limit = limit
        self._seconds = seconds
        self._grain = seconds / 60
        self._used: deque[list[float]] = deque()
        self._total = 0

    def add(self, now: float, tokens: int) -> None:
        """Count tokens used now."""
        self._total += tokens
        if self._used and now - self._used[-1][0] < self._grain:
            self._used[-1][1] += tokens
        else:
            self._used.append([now, tokens])

    def left(self, now: float) -> int:
        """Return how many tokens may still be used."""
        while self._used and now - self._used[0][0] >= self._seconds:
            self._total -= int(self._used.popleft()[1])
        return self.limit - self._total

    def wait(self, now: float, tokens: int) -> float:
        """Return 0 if so many tokens are left, else when to look again."""
        if tokens <= self.left(now):
            return 0.0
        if not self._used:
            return _POLL
        return max(_POLL, self._used[0][0] + self._seconds - now)


class _Settling:
    """``with counted(limiter) as count``: settles with what was counted, however it ends."""

    def __init__(self, limiter: TierRateLimiter) -> None:
        self._limiter = limiter
        self._tokens: int | None = 0

    def __enter__(self) -> Callable[[Completion], Completion]:
        return self._count

    def _count(self, completion: Completion) -> Completion:
        usage = completion.usage
        self._tokens = usage.completion_tokens if usage else None
        return completion

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, tb: TracebackType | None
    ) -> None:
        left_early = kind is not None and issubclass(kind, GeneratorExit)
        self._limiter.settle(None if left_early else self._tokens)


class _NotCounting:
    def __enter__(self) -> Callable[[Completion], Completion]:
        return _as_it_is

    def __exit__(self, *_: object) -> None:
        pass


def _as_it_is(completion: Completion) -> Completion:
    return completion


_NOT_COUNTING = _NotCounting()


def counted(limiter: BaseRateLimiter | None) -> _Settling | _NotCounting:
    """Return what tells a ``TierRateLimiter`` the tokens of one request, nothing to others."""
    return _Settling(limiter) if isinstance(limiter, TierRateLimiter) else _NOT_COUNTING
