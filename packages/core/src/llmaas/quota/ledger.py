"""Amounts reserved in limited accounts: in memory, in SQLite, or shared through Redis.

An amount is taken before a call, for the most that it can use, and settled after it. Until then
it is a reservation with an owner. A limit may move with time (so much in any hour) or be for
good (a budget).
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from llmaas._fork import lock_during_fork, reset_after_fork

BUCKETS = 60
"""Parts of a window. The oldest part counts whole, so that no window ever holds too much."""
_SWEEP = 1_024
"""Reservations between two looks at accounts whose windows are over."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``amount`` in any ``seconds``; for good when ``seconds`` is None."""

    amount: int
    seconds: float | None = None

    def bucket(self, now: float) -> int:
        """Return the part of the window that a moment (in seconds) falls in."""
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
class Reservation:
    """A reservation, to be settled. ``at`` is a moment on the ledger's clock."""

    account: str
    amount: int
    at: float
    id: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """Nothing was taken. ``seconds`` until it may be; None when it never will."""

    seconds: float | None
    in_flight: bool = field(default=False, compare=False)
    """Whether reservations of running calls hold enough, so that it may fit once they end."""


class Ledger(Protocol):
    """Keeps what was taken. All methods are atomic and may block for a moment.

    A ledger with ``is_local = True`` never blocks: its methods are called in the event loop.
    """

    def reserve(self, account: str, amount: int, limits: Sequence[Limit]) -> Reservation | Denied:
        """Reserve an amount if every limit allows it."""

    def settle(self, taken: Reservation, used: int, limits: Sequence[Limit]) -> None:
        """Put what was really used in the place of what was taken."""

    def used(self, account: str, limit: Limit) -> int:
        """Return what counts against a limit now."""


@dataclass(slots=True)
class Window:
    """What counts against one limit of an account: parts of its window, and reservations."""

    parts: dict[int, int] = field(default_factory=dict)
    open: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Reservations: their part of the window and their amount, which ``parts`` includes."""

    def forget(self, oldest: int) -> None:
        """Drop the parts that no longer count."""
        for bucket in [b for b in self.parts if b < oldest]:
            del self.parts[bucket]

    def reserve(self, key: str, bucket: int, amount: int) -> None:
        """Add a reservation."""
        self.open[key] = (bucket, amount)
        self.parts[bucket] = self.parts.get(bucket, 0) + amount

    def settle(self, key: str, bucket: int, used: int) -> None:
        """Replace a reservation by what was used; an unknown one counts from now on."""
        bucket, amount = self.open.pop(key, (bucket, 0))
        self.parts[bucket] = max(0, self.parts.get(bucket, 0) - amount) + used


def decide(
    limits: Sequence[Limit],
    amount: int,
    taken: Sequence[Sequence[tuple[int, int]]],
    now: float,
    reserved: Sequence[int] = (),
) -> Denied | None:
    """Return why an amount cannot be taken now, or None if it can.

    ``taken`` holds, for each limit, the parts of its window that count: (bucket, amount);
    ``reserved`` what of it running calls hold.
    """
    waits: list[float | None] = []
    in_flight = True
    for limit, parts, held in itertools.zip_longest(limits, taken, reserved, fillvalue=0):
        assert isinstance(limit, Limit)
        assert not isinstance(parts, int)
        excess = sum(part for _, part in parts) + amount - limit.amount
        if excess > 0:
            in_flight = in_flight and excess <= held and amount <= limit.amount
            waits.append(None if amount > limit.amount else limit.wait_for(excess, parts, now))
    if not waits:
        return None
    seconds = None if None in waits else max(w for w in waits if w is not None)
    return Denied(seconds, in_flight)


class MemoryLedger:
    """A ledger of this process, on a clock that nobody can set."""

    is_local = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, float | None], Window] = {}
        self._ids = itertools.count(1)
        lock_during_fork(self)
        reset_after_fork(self)

    def hold(self) -> None:
        """Let nobody count while the process forks."""
        self._lock.acquire()

    def let_go(self) -> None:
        """Go on after a fork, each process by itself."""
        self._lock.release()

    def renew(self) -> None:
        """Give back, in a forked child, what calls of the parent hold: it settles them itself."""
        for window in self._windows.values():
            for key in list(window.open):
                window.settle(key, 0, 0)

    def __copy__(self) -> MemoryLedger:
        return self

    def __deepcopy__(self, memo: Any) -> MemoryLedger:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (MemoryLedger, ())  # another process counts by itself

    def reserve(self, account: str, amount: int, limits: Sequence[Limit]) -> Reservation | Denied:
        """Reserve an amount if every limit allows it."""
        with self._lock:
            now = time.monotonic()
            windows = [self._window(account, limit, now) for limit in limits]
            refused = _decide(limits, amount, windows, now)
            if refused is not None:
                return refused
            number = next(self._ids)
            for limit, window in zip(limits, windows, strict=True):
                window.reserve(str(number), limit.bucket(now), amount)
            if number % _SWEEP == 0:
                self._sweep(now)
            return Reservation(account, amount, now, str(number))

    def settle(self, taken: Reservation, used: int, limits: Sequence[Limit]) -> None:
        """Put what was really used in the place of what was taken."""
        with self._lock:
            for limit in limits:
                window = self._window(taken.account, limit, time.monotonic())
                window.settle(taken.id, limit.bucket(taken.at), max(0, used))

    def used(self, account: str, limit: Limit) -> int:
        """Return what counts against a limit now."""
        with self._lock:
            return sum(self._window(account, limit, time.monotonic()).parts.values())

    def _window(self, account: str, limit: Limit, now: float) -> Window:
        window = self._windows.get((account, limit.seconds))
        if window is None:
            window = self._windows[account, limit.seconds] = Window()
        if limit.seconds is not None:
            window.forget(limit.oldest(now))
        return window

    def _sweep(self, now: float) -> None:
        for key, window in list(self._windows.items()):
            if key[1] is not None and not window.open:
                window.forget(Limit(0, key[1]).oldest(now))
                if not window.parts:
                    del self._windows[key]


def _decide(
    limits: Sequence[Limit], amount: int, windows: Sequence[Window], now: float
) -> Denied | None:
    for limit, window in zip(limits, windows, strict=True):
        if sum(window.parts.values()) + amount > limit.amount:
            break
    else:
        return None
    parts = [list(window.parts.items()) for window in windows]
    reserved = [sum(held for _, held in window.open.values()) for window in windows]
    return decide(limits, amount, parts, now, reserved)
