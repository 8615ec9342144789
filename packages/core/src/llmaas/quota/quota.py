"""Stay within the account's tier: output tokens per hour and day, EUR per month."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from llmaas._errors_base import QuotaExceededError
from llmaas._fork import reset_after_fork
from llmaas.hooks import CallInfo, CallResult
from llmaas.ops.effects import Operation, Wait
from llmaas.ops.wakeup import Wakeup
from llmaas.quota import reserving
from llmaas.quota.ledger import Denied, Ledger, Limit, MemoryLedger, Reservation

HOUR, DAY, MONTH = 3_600.0, 86_400.0, 30 * 86_400.0
_SHORTEST_NAP, _LONGEST_NAP = 0.02, 1.0
"""Seconds between two looks of the first in line at whether others gave something back."""
_POLL_INTERVAL = 5.0
"""Seconds after which one in line looks by itself whether it is its turn: it is called for."""


@dataclass(frozen=True, slots=True)
class Tier:
    """What an account may use; None is no limit. Amounts: tokens, and EUR per month."""

    tokens_per_hour: int | None
    tokens_per_day: int | None
    eur_per_month: int | None

    @property
    def limits(self) -> list[Limit]:
        """The limits of output tokens."""
        pairs = ((self.tokens_per_hour, HOUR), (self.tokens_per_day, DAY))
        return [Limit(amount, seconds) for amount, seconds in pairs if amount is not None]


TIERS = {
    1: Tier(150_000, 3_600_000, 1_000),
    2: Tier(300_000, 7_200_000, 3_000),
    3: Tier(450_000, 10_800_000, 5_000),
    4: Tier(600_000, 14_400_000, 10_000),
}
"""The documented tiers (unchanged since June 2025). Monthly billing has no limits."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    """A call's place in the line."""

    about: CallInfo
    since: float
    call: Wakeup

    @property
    def waited(self) -> float:
        """The seconds that the call has stood in line and waited for room."""
        return time.monotonic() - self.since

    def wait(self, seconds: float) -> Operation[None]:
        """Wait until it is called for, but not beyond the call's deadline."""
        deadline = self.about.deadline
        left = seconds if deadline is None else deadline - time.monotonic()
        if left <= 0:
            from llmaas.errors import DeadlineExceededError

            raise DeadlineExceededError.build(
                f"The deadline passed after {self.waited:.1f} s of waiting for the quota.",
                reached=False,
            )
        yield Wait(self.call, min(seconds, left))


class Quota:
    """Keeps all calls of an account within its limits: a hook for ``LLMaaS(hooks=...)``.

    Takes ``max_tokens`` before a call, waits when there is not enough left (or raises
    ``QuotaExceededError`` when ``wait`` is False, or when ``max_wait`` seconds would not do),
    and settles on what was really used. Callers are served in the order in which they asked;
    their time in line counts as waiting, and the call's ``deadline`` ends it.
    With a SQLite or Redis ledger, processes and machines share the limits.
    """

    def __init__(
        self,
        tier: int | None = None,
        *,
        limits: Sequence[Limit] = (),
        ledger: Ledger | None = None,
        account: str = "default",
        wait: bool = True,
        max_wait: float | None = None,
    ) -> None:
        self.limits = [*(TIERS[tier].limits if tier is not None else ()), *limits]
        self.ledger: Ledger = MemoryLedger() if ledger is None else ledger
        self.account = f"tokens:{account}"
        self._waits, self._max_wait = wait, max_wait
        self._queue: deque[_Waiter] = deque()
        reset_after_fork(self)

    def renew(self) -> None:
        """Stand first in line after a fork: who stands there belongs to the parent."""
        self._queue = deque()

    def before_call(self, about: CallInfo) -> Operation[Reservation | None]:
        """Take the most that the call may use; wait for one's turn and for room."""
        if about.operation not in ("chat", "batch") or not self.limits:
            return None
        queue, since = self._queue, time.monotonic()
        refused: Denied | None = None
        if not queue:  # nobody waits, so that nobody is overtaken
            first = yield from self._take(about)
            if isinstance(first, Reservation):
                return first
            refused = first
        place = _Waiter(about, since, Wakeup())
        if refused is not None:
            self._check(refused, place)
        queue.append(place)
        try:
            yield from self._until_first(queue, place)
            return (yield from self._until_taken(place))
        finally:
            queue.remove(place)
            _call_first(queue)

    def after_call(self, ticket: Reservation | None, outcome: CallResult) -> Operation[None]:
        """Count what was really used; a call that failed before an answer used nothing."""
        if ticket is not None:
            used = outcome.output_tokens
            try:
                yield from reserving.settle(self.ledger, ticket, used, self.limits)
            finally:
                _call_first(self._queue)

    def used(self) -> dict[float | None, int]:
        """Return the tokens that count now, by window in seconds."""
        return {limit.seconds: self.ledger.used(self.account, limit) for limit in self.limits}

    def _take(self, about: CallInfo) -> Operation[Reservation | Denied]:
        return reserving.reserve(
            self.ledger, self.account, about.max_tokens, self.limits, about.deadline
        )

    def _until_first(self, queue: deque[_Waiter], place: _Waiter) -> Operation[None]:
        while queue[0] is not place:
            if self._max_wait is not None and place.waited > self._max_wait:
                raise self._no_room(place, _LONGEST_NAP)  # how long, nobody in line can tell
            left = math.inf if self._max_wait is None else self._max_wait - place.waited
            yield from place.wait(min(_POLL_INTERVAL, max(0.001, left)))

    def _until_taken(self, place: _Waiter) -> Operation[Reservation]:
        nap = _SHORTEST_NAP
        while True:
            taken = yield from self._take(place.about)
            if isinstance(taken, Reservation):
                return taken
            self._check(taken, place)
            assert taken.seconds is not None
            yield from place.wait(min(taken.seconds, nap))
            nap = min(_LONGEST_NAP, nap * 1.5)

    def _check(self, refused: Denied, place: _Waiter) -> None:
        seconds, most = refused.seconds, self._max_wait
        if seconds is None:
            raise QuotaExceededError(
                f"The call may use {place.about.max_tokens} output tokens, more than the quota "
                "ever allows."
            )
        if not self._waits or (most is not None and place.waited + seconds > most):
            raise self._no_room(place, seconds)

    def _no_room(self, place: _Waiter, seconds: float) -> Exception:
        amount = place.about.max_tokens
        return QuotaExceededError(
            f"The quota leaves no room for {amount} output tokens.", retry_after=seconds
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_queue": deque()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        reset_after_fork(self)


def _call_first(queue: deque[_Waiter]) -> None:
    with suppress(IndexError):  # nobody waits
        queue[0].call.wake()
