"""Amounts taken from limited accounts: in memory, in SQLite, or shared through Redis.

An amount is taken before a call, for the most that it can use, and settled after it. A limit
may move with time (so much in any hour) or be for good (a budget).
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from llmaas.forks import hold_at_fork

BUCKETS = 60
"""Parts of a window. The oldest part counts whole, so that no window ever holds too much."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``amount`` in any ``seconds``; for good when ``seconds`` is None."""

    amount: int
    seconds: float | None = None

    def bucket(self, now: float) -> int:
        """Return the part of the window that a moment (epoch seconds) falls in."""
        return 0 if self.seconds is None else int(now // self._width)

    def oldest(self, now: float) -> int:
        """Return the oldest part that still counts at a moment."""
        return 0 if self.seconds is None else self.bucket(now) - BUCKETS

    def wait_for(self, excess: int, taken: Iterable[tuple[int, int]], now: float) -> float | None:
        """Return the seconds until ``excess`` has left the window; None if it never will."""
        if self.seconds is None:
            return None
        for bucket, amount in sorted(taken):
            excess -= amount
            if excess <= 0:
                return max(0.001, (bucket + BUCKETS + 1) * self._width - now)
        return None

    @property
    def _width(self) -> float:
        assert self.seconds is not None
        return self.seconds / BUCKETS


@dataclass(frozen=True, slots=True)
class Taken:
    """An amount that was taken, to be settled."""

    account: str
    amount: int
    at: float


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was taken. ``seconds`` until it may be; None when it never will."""

    seconds: float | None


class Ledger(Protocol):
    """Keeps what was taken. All methods are atomic and may block for a moment."""

    def take(self, account: str, amount: int, limits: Sequence[Limit]) -> Taken | Refused:
        """Take an amount if every limit allows it."""

    def settle(self, taken: Taken, used: int, limits: Sequence[Limit]) -> None:
        """Put what was really used in the place of what was taken."""

    def used(self, account: str, limit: Limit) -> int:
        """Return what counts against a limit now."""


def decide(
    limits: Sequence[Limit], amount: int, taken: Sequence[Sequence[tuple[int, int]]], now: float
) -> Refused | None:
    """Return why an amount cannot be taken now, or None if it can.

    ``taken`` holds, for each limit, the parts of its window that count: (bucket, amount).
    """
    waits: list[float | None] = []
    for limit, parts in zip(limits, taken, strict=True):
        excess = sum(part for _, part in parts) + amount - limit.amount
        if excess > 0:
            waits.append(None if amount > limit.amount else limit.wait_for(excess, parts, now))
    if not waits:
        return None
    return Refused(None if None in waits else max(w for w in waits if w is not None))


class MemoryLedger:
    """A ledger of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._amounts: dict[tuple[str, float | None], dict[int, int]] = defaultdict(dict)
        hold_at_fork(self)

    def hold(self) -> None:
        """Let nobody count while the process forks."""
        self._lock.acquire()

    def let_go(self) -> None:
        """Go on after a fork, each process by itself."""
        self._lock.release()

    def __copy__(self) -> MemoryLedger:
        return self

    def __deepcopy__(self, memo: Any) -> MemoryLedger:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (MemoryLedger, ())  # another process counts by itself

    def take(self, account: str, amount: int, limits: Sequence[Limit]) -> Taken | Refused:
        """Take an amount if every limit allows it."""
        with self._lock:
            now = time.time()
            refused = decide(limits, amount, [self._parts(account, li, now) for li in limits], now)
            if refused is not None:
                return refused
            self._add(account, amount, limits, now)
            return Taken(account, amount, now)

    def settle(self, taken: Taken, used: int, limits: Sequence[Limit]) -> None:
        """Put what was really used in the place of what was taken."""
        with self._lock:
            self._add(taken.account, used - taken.amount, limits, taken.at)

    def used(self, account: str, limit: Limit) -> int:
        """Return what counts against a limit now."""
        with self._lock:
            return sum(amount for _, amount in self._parts(account, limit, time.time()))

    def _parts(self, account: str, limit: Limit, now: float) -> list[tuple[int, int]]:
        parts = self._amounts[account, limit.seconds]
        for bucket in [b for b in parts if b < limit.oldest(now)]:
            del parts[bucket]
        return list(parts.items())

    def _add(self, account: str, amount: int, limits: Sequence[Limit], at: float) -> None:
        for limit in limits:
            parts, bucket = self._amounts[account, limit.seconds], limit.bucket(at)
            parts[bucket] = parts.get(bucket, 0) + amount
