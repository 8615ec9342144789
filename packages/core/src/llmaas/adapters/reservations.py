"""Reservation of output tokens within limits, before their number is known."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from llmaas.hooks import CallResult
from llmaas.ops.worker_threads import run_async
from llmaas.quota import Ledger, Limit, MemoryLedger
from llmaas.quota.late_settlements import LATE
from llmaas.quota.ledger import Denied, Reservation
from llmaas.quota.reserving import is_local
from llmaas.types import Completion

_SHORTEST_NAP, _LONGEST_NAP = 0.05, 1.0


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
        LATE.apply(self.ledger)
        taken = self.ledger.reserve(self._account, amount, self.limits)
        if isinstance(taken, Denied):
            return min(max(taken.seconds or 0.0, _SHORTEST_NAP), _LONGEST_NAP)
        self._open.append(taken)
        return None

    async def areserve(self) -> float | None:
        """Do what ``reserve`` does; a task that is cancelled meanwhile leaves no reservation.

        A ledger that blocks is called in a thread of the core's, not in one of the application's.
        """
        if is_local(self.ledger):
            return self.reserve()
        nap: float | None = await run_async(self.reserve, None, self._undo, may_outlive=False)
        return nap

    def settle(self, tokens: int | None) -> None:
        """Settle the oldest open reservation; None (unknown) keeps its estimate."""
        if not self._open:
            return
        taken = self._open.popleft()
        if tokens:
            self._expected += (tokens - self._expected) / 8
        if tokens is not None:
            LATE.settle(self.ledger, taken, tokens, self.limits)

    @property
    def remaining(self) -> int:
        """The output tokens left within the tightest limit."""
        left: list[int] = [
            limit.amount - self.ledger.used(self._account, limit) for limit in self.limits
        ]
        return max(0, min(left))

    def _undo(self, nap: float | None) -> None:
        if nap is None:
            self.settle(0)

    def __getstate__(self) -> dict[str, Any]:
        ledger = None if isinstance(self.ledger, MemoryLedger) else self.ledger
        return {**self.__dict__, "ledger": ledger, "_open": deque()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.ledger = state["ledger"] or MemoryLedger()


def count_output_tokens(completion: Completion) -> int:
    """Return the output tokens of an answer: as the service says, else estimated from its text."""
    return CallResult(completion, None, 0.0).output_tokens
