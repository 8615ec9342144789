"""Reservation of output tokens for requests without a known ``max_tokens``."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from llmaas.hooks import CallResult
from llmaas.ops.worker_threads import run_async
from llmaas.quota import Ledger, Limit, MemoryLedger
from llmaas.quota.late_settlements import LATE_SETTLEMENTS
from llmaas.quota.ledger import Denied, Reservation
from llmaas.quota.reserving import is_local
from llmaas.types import Completion

_SHORTEST_DELAY, _LONGEST_DELAY = 0.05, 1.0


class TokenReservations:
    """Output tokens of one account, reserved per request and settled by the true number.

    A request reserves as many as recent answers had. Safe to share between threads; a pickle
    keeps neither open reservations nor a ledger in memory.
    """

    def __init__(
        self, limits: Sequence[Limit], *, ledger: Ledger | None, account: str, expected: int
    ) -> None:
        self.limits = [*limits]
        self.ledger: Ledger = MemoryLedger() if ledger is None else ledger
        self._account = f"tokens:{account}"
        self._expected = float(expected)
        self._open: deque[Reservation] = deque()

    def reserve(self) -> float | None:
        """Reserve and return None, or return the seconds to sleep before the next attempt."""
        amount = max(1, min(int(self._expected), *(limit.amount for limit in self.limits)))
        LATE_SETTLEMENTS.apply(self.ledger)
        decision = self.ledger.reserve(self._account, amount, self.limits)
        if isinstance(decision, Denied):
            return min(max(decision.seconds or 0.0, _SHORTEST_DELAY), _LONGEST_DELAY)
        self._open.append(decision)
        return None

    async def areserve(self) -> float | None:
        """Do the same as ``reserve``; a cancelled task leaves no reservation.

        A ledger that blocks is called in a thread of the core, not of the event loop's executor.
        """
        if is_local(self.ledger):
            return self.reserve()
        delay: float | None = await run_async(self.reserve, None, self._undo, may_outlive=False)
        return delay

    def settle(self, tokens: int | None) -> None:
        """Settle the oldest open reservation; None (unknown) keeps its estimate."""
        if not self._open:
            return
        reservation = self._open.popleft()
        if tokens:
            self._expected += (tokens - self._expected) / 8
        if tokens is not None:
            LATE_SETTLEMENTS.settle(self.ledger, reservation, tokens, self.limits)

    @property
    def remaining(self) -> int:
        """Output tokens left within the tightest limit."""
        ledger, account = self.ledger, self._account
        return max(0, min(limit.amount - ledger.used(account, limit) for limit in self.limits))

    def _undo(self, delay: float | None) -> None:
        if delay is None:
            self.settle(0)

    def __getstate__(self) -> dict[str, object]:
        ledger = None if isinstance(self.ledger, MemoryLedger) else self.ledger
        return {**self.__dict__, "ledger": ledger, "_open": deque()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.ledger = state["ledger"] or MemoryLedger()


def count_output_tokens(completion: Completion) -> int:
    """Count the output tokens of an answer: as reported, else estimated from its text."""
    return CallResult(completion, None, 0.0).output_tokens
