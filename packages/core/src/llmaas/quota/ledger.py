"""Ledger interface of quotas and budgets, and the ledger in memory.

A call reserves the most that it can use and settles on what it used. A limit applies to any period
of a given length (a quota) or forever (a budget).
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from llmaas._fork import lock_during_fork, reset_after_fork

BUCKETS = 60
"""Buckets per window. The oldest one counts in full, so that no window exceeds its limit."""
_SWEEP_INTERVAL = 1_024
"""Reservations between two removals of accounts without current usage."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``amount`` in any ``seconds``; ``None`` means in total."""

    amount: int
    seconds: float | None = None

    def bucket(self, now: float) -> int:
        """Compute the bucket of a time (in seconds)."""
        return 0 if self.seconds is None else int(now // self._width)

    def oldest_bucket(self, now: float) -> int:
        """Compute the oldest bucket that still counts."""
        return 0 if self.seconds is None else self.bucket(now) - BUCKETS

    def seconds_until_free(
        self, excess: int, used: Iterable[tuple[int, int]], now: float
    ) -> float | None:
        """Compute the seconds until ``excess`` has left the window; None if it never will.

        ``used`` are pairs of bucket and amount.
        """
        if self.seconds is None:
            return None
        for bucket, amount in sorted(used):
            excess -= amount
            if excess <= 0:
                return max(0.001, (bucket + BUCKETS + 1) * self._width - now)
        return None

    @property
    def _width(self) -> float:
        assert self.seconds is not None
        return self.seconds / BUCKETS


@dataclass(frozen=True, slots=True)
class Reservation:
    """Reserved amount. ``at`` is a time on the ledger's clock."""

    account: str
    amount: int
    at: float
    id: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """Refusal of a reservation."""

    seconds: float | None
    """Seconds until the amount may be available; None if it never will be."""
    in_flight: bool = field(default=False, compare=False)
    """Whether the amount fits once the reservations of running calls are settled below it."""


class Ledger(Protocol):
    """Store of reservations and usage. All methods are atomic and may block briefly.

    A ledger with ``is_local = True`` never blocks; its methods are called in the event loop.
    """

    def reserve(self, account: str, amount: int, limits: Sequence[Limit]) -> Reservation | Denied:
        """Reserve an amount if every limit allows it."""

    def settle(self, reservation: Reservation, used: int, limits: Sequence[Limit]) -> None:
        """Replace a reservation by the amount used."""

    def used(self, account: str, limit: Limit) -> int:
        """Return the amount that counts against a limit now."""


@dataclass(slots=True)
class Window:
    """Usage and reservations that count against one limit of an account."""

    buckets: dict[int, int] = field(default_factory=dict)
    open: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Bucket and amount of each reservation; ``buckets`` includes the amount."""

    def expire(self, oldest: int) -> None:
        """Drop the buckets that no longer count."""
        for bucket in [b for b in self.buckets if b < oldest]:
            del self.buckets[bucket]

    def reserve(self, key: str, bucket: int, amount: int) -> None:
        """Add a reservation."""
        self.open[key] = (bucket, amount)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + amount

    def settle(self, key: str, bucket: int, used: int) -> None:
        """Replace a reservation by the amount used; add the amount of an unknown one."""
        bucket, amount = self.open.pop(key, (bucket, 0))
        self.buckets[bucket] = max(0, self.buckets.get(bucket, 0) - amount) + used


def check_limits(
    limits: Sequence[Limit],
    amount: int,
    used: Sequence[Sequence[tuple[int, int]]],
    now: float,
    reserved: Sequence[int] = (),
) -> Denied | None:
    """Check an amount against limits; return None if it can be reserved now.

    For each limit, ``used`` holds pairs of bucket and amount, and ``reserved`` the part of them
    that running calls have reserved.
    """
    waits: list[float | None] = []
    in_flight = True
    for limit, buckets, held in itertools.zip_longest(limits, used, reserved, fillvalue=0):
        assert isinstance(limit, Limit)
        assert not isinstance(buckets, int)
        excess = sum(part for _, part in buckets) + amount - limit.amount
        if excess > 0:
            in_flight = in_flight and excess <= held and amount <= limit.amount
            waits.append(
                None if amount > limit.amount else limit.seconds_until_free(excess, buckets, now)
            )
    if not waits:
        return None
    seconds = None if None in waits else max(w for w in waits if w is not None)
    return Denied(seconds, in_flight)


class MemoryLedger:
    """Ledger in the memory of this process, on the monotonic clock."""

    is_local = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, float | None], Window] = {}
        self._ids = itertools.count(1)
        lock_during_fork(self)
        reset_after_fork(self)

    def hold(self) -> None:
        """Lock the ledger while the process forks."""
        self._lock.acquire()

    def let_go(self) -> None:
        """Unlock the ledger after a fork."""
        self._lock.release()

    def renew(self) -> None:
        """Release the reservations of the parent's calls in a forked child."""
        for window in self._windows.values():
            for key in list(window.open):
                window.settle(key, 0, 0)

    def __copy__(self) -> MemoryLedger:
        return self

    def __deepcopy__(self, memo: object) -> MemoryLedger:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return (MemoryLedger, ())  # another process has its own

    def reserve(self, account: str, amount: int, limits: Sequence[Limit]) -> Reservation | Denied:
        """Reserve an amount if every limit allows it."""
        with self._lock:
            now = time.monotonic()
            windows = [self._window(account, limit, now) for limit in limits]
            denied = _check_windows(limits, amount, windows, now)
            if denied is not None:
                return denied
            number = next(self._ids)
            for limit, window in zip(limits, windows, strict=True):
                window.reserve(str(number), limit.bucket(now), amount)
            if number % _SWEEP_INTERVAL == 0:
                self._sweep(now)
            return Reservation(account, amount, now, str(number))

    def settle(self, reservation: Reservation, used: int, limits: Sequence[Limit]) -> None:
        """Replace a reservation by the amount used."""
        with self._lock:
            for limit in limits:
                window = self._window(reservation.account, limit, time.monotonic())
                window.settle(reservation.id, limit.bucket(reservation.at), max(0, used))

    def used(self, account: str, limit: Limit) -> int:
        """Return the amount that counts against a limit now."""
        with self._lock:
            return sum(self._window(account, limit, time.monotonic()).buckets.values())

    def _window(self, account: str, limit: Limit, now: float) -> Window:
        window = self._windows.get((account, limit.seconds))
        if window is None:
            window = self._windows[account, limit.seconds] = Window()
        if limit.seconds is not None:
            window.expire(limit.oldest_bucket(now))
        return window

    def _sweep(self, now: float) -> None:
        for key, window in list(self._windows.items()):
            if key[1] is not None and not window.open:
                window.expire(Limit(0, key[1]).oldest_bucket(now))
                if not window.buckets:
                    del self._windows[key]


def _check_windows(
    limits: Sequence[Limit], amount: int, windows: Sequence[Window], now: float
) -> Denied | None:
    for limit, window in zip(limits, windows, strict=True):
        if sum(window.buckets.values()) + amount > limit.amount:
            break
    else:
        return None
    used = [list(window.buckets.items()) for window in windows]
    reserved = [sum(held for _, held in window.open.values()) for window in windows]
    return check_limits(limits, amount, used, now, reserved)
