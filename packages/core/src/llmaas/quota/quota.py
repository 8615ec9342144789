"""Quota: output tokens per hour and day, within the tier of an account."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from llmaas._errors_base import QuotaExceededError
from llmaas._fork import reset_after_fork
from llmaas.hooks import CallInfo, CallResult
from llmaas.ops.effects import Operation, Wait
from llmaas.ops.wakeup import Wakeup
from llmaas.ops.worker_threads import load_errors_early
from llmaas.quota import reserving
from llmaas.quota.ledger import Denied, Ledger, Limit, MemoryLedger, Reservation

HOUR, DAY, MONTH = 3_600.0, 86_400.0, 30 * 86_400.0
_SHORTEST_DELAY, _LONGEST_DELAY = 0.02, 1.0
"""Seconds between two attempts of the first call in the queue to reserve its tokens."""
_POLL_INTERVAL = 5.0
"""Seconds between two checks of a queued call. Calls are woken when it is their turn."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Limits of an account; None means unlimited."""

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
    """Call in the queue."""

    call: CallInfo
    since: float
    wakeup: Wakeup

    @property
    def waited(self) -> float:
        """Seconds since the call arrived."""
        return time.monotonic() - self.since

    def wait(self, seconds: float) -> Operation[None]:
        """Wait until the call is woken. Raises ``DeadlineExceededError`` at its deadline."""
        deadline = self.call.deadline
        if deadline is not None:
            load_errors_early()
        remaining = seconds if deadline is None else deadline - time.monotonic()
        if remaining <= 0:
            from llmaas.errors import DeadlineExceededError

            raise DeadlineExceededError.build(
                f"The deadline passed after {self.waited:.1f} s of waiting for the quota.",
                reached=False,
            )
        yield Wait(self.wakeup, min(seconds, remaining))


class Quota:
    """Hook for ``LLMaaS(hooks=...)`` that keeps the calls of an account within its limits.

    Reserves ``max_tokens`` before a call and settles on the tokens used. If not enough are left,
    the call waits, or raises ``QuotaExceededError`` if ``wait`` is False or the wait would exceed
    ``max_wait`` seconds. Calls are served in the order of their arrival; time in the queue counts
    as waiting, and the call's ``deadline`` ends it.
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
        self._wait, self._max_wait = wait, max_wait
        self._queue: deque[_Waiter] = deque()
        reset_after_fork(self)

    def renew(self) -> None:
        """Empty the queue in a forked child: the queued calls are the parent's."""
        self._queue = deque()

    def before_call(self, call: CallInfo) -> Operation[Reservation | None]:
        """Reserve the output tokens of the call; wait for its turn and for free tokens."""
        if call.operation not in ("chat", "batch") or not self.limits:
            return None
        queue, since = self._queue, time.monotonic()
        denied: Denied | None = None
        if not queue:  # no call waits, so that none is overtaken
            decision = yield from self._reserve(call)
            if isinstance(decision, Reservation):
                return decision
            denied = decision
        waiter = _Waiter(call, since, Wakeup())
        if denied is not None:
            self._raise_unless_waiting(denied, waiter)
        queue.append(waiter)
        try:
            yield from self._wait_for_turn(queue, waiter)
            return (yield from self._wait_for_tokens(waiter))
        finally:
            queue.remove(waiter)
            _wake_first(queue)

    def after_call(self, ticket: Reservation | None, result: CallResult) -> Operation[None]:
        """Settle on the tokens used; a call that failed before an answer used none."""
        if ticket is not None:
            used = result.output_tokens
            try:
                yield from reserving.settle(self.ledger, ticket, used, self.limits)
            finally:
                _wake_first(self._queue)

    def used(self) -> dict[float | None, int]:
        """Return the tokens that count now, by length of the window in seconds."""
        return {limit.seconds: self.ledger.used(self.account, limit) for limit in self.limits}

    def _reserve(self, call: CallInfo) -> Operation[Reservation | Denied]:
        return reserving.reserve(
            self.ledger, self.account, call.max_tokens, self.limits, call.deadline
        )

    def _wait_for_turn(self, queue: deque[_Waiter], waiter: _Waiter) -> Operation[None]:
        while queue[0] is not waiter:
            if self._max_wait is not None and waiter.waited > self._max_wait:
                raise _build_error(waiter, _LONGEST_DELAY)  # the wait in a queue is unknown
            remaining = math.inf if self._max_wait is None else self._max_wait - waiter.waited
            yield from waiter.wait(min(_POLL_INTERVAL, max(0.001, remaining)))

    def _wait_for_tokens(self, waiter: _Waiter) -> Operation[Reservation]:
        delay = _SHORTEST_DELAY
        while True:
            decision = yield from self._reserve(waiter.call)
            if isinstance(decision, Reservation):
                return decision
            seconds = self._raise_unless_waiting(decision, waiter)
            yield from waiter.wait(min(seconds, delay))
            delay = min(_LONGEST_DELAY, delay * 1.5)

    def _raise_unless_waiting(self, denied: Denied, waiter: _Waiter) -> float:
        """Return the seconds until tokens are free. Raises ``QuotaExceededError``."""
        seconds, longest = denied.seconds, self._max_wait
        if seconds is None:
            raise QuotaExceededError(
                f"The call may use {waiter.call.max_tokens} output tokens, more than the quota "
                "ever allows. Lower max_tokens."
            )
        if not self._wait or (longest is not None and waiter.waited + seconds > longest):
            raise _build_error(waiter, seconds)
        return seconds

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_queue": deque()}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        reset_after_fork(self)


def _build_error(waiter: _Waiter, seconds: float) -> QuotaExceededError:
    return QuotaExceededError(
        f"The quota has fewer than {waiter.call.max_tokens} output tokens left (max_tokens).",
        retry_after=seconds,
    )


def _wake_first(queue: deque[_Waiter]) -> None:
    with suppress(IndexError):  # the queue is empty
        queue[0].wakeup.wake()
