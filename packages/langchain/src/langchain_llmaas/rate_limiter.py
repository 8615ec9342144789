"""A rate limiter that knows what the service limits: output tokens, by hour and by day."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from langchain_core.rate_limiters import BaseRateLimiter

from llmaas import Completion
from llmaas.ops.watch import Outcome
from llmaas.ops.workers import run_async
from llmaas.quota import TIERS, Ledger, Limit, MemoryLedger
from llmaas.quota.asking import is_local
from llmaas.quota.late import LATE
from llmaas.quota.ledger import Refused, Taken

_SHORTEST_NAP, _LONGEST_NAP = 0.05, 1.0


class TierRateLimiter(BaseRateLimiter):
    """Waits until the account's tier has output tokens left, for ``ChatLLMaaS(rate_limiter=)``.

    Before a request its tokens are unknown: as many as recent answers had are taken, and
    settled by the true number once the answer is there. To be shared by all models that use
    one account; with a SQLite or Redis ``ledger`` of the core also by processes and machines.
    """

    def __init__(
        self,
        tier: int | None = None,
        *,
        limits: Sequence[Limit] = (),
        ledger: Ledger | None = None,
        account: str = "default",
        expected: int = 500,
    ) -> None:
        """Take a tier (1 to 4), or limits of your own; ``expected`` tokens for a first answer."""
        if tier is not None and tier not in TIERS:
            raise ValueError(f"tier must be one of {[*TIERS]}, not {tier!r}")
        self.limits = [*(TIERS[tier].limits if tier else ()), *limits]
        if not self.limits:
            raise ValueError("say which tier, or which limits")
        self.ledger: Ledger = MemoryLedger() if ledger is None else ledger
        self._account = f"tokens:{account}"
        self._expected = float(expected)
        self._open: deque[Taken] = deque()

    def acquire(self, *, blocking: bool = True) -> bool:
        """Take tokens for a request, waiting for them if need be."""
        while (nap := self._take()) is not None:
            if not blocking:
                return False
            time.sleep(nap)
        return True

    async def aacquire(self, *, blocking: bool = True) -> bool:
        """Take tokens for a request, waiting for them if need be."""
        while (nap := await self._take_in_thread()) is not None:
            if not blocking:
                return False
            await asyncio.sleep(nap)
        return True

    def settle(self, tokens: int | None) -> None:
        """Put the tokens used in the place of those taken first; None (unknown) keeps the guess."""
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

    def _take(self) -> float | None:
        """Take tokens and return None, or return how long to sleep before the next attempt."""
        amount = max(1, min(int(self._expected), *(limit.amount for limit in self.limits)))
        LATE.apply(self.ledger)
        taken = self.ledger.take(self._account, amount, self.limits)
        if isinstance(taken, Refused):
            return min(max(taken.seconds or 0.0, _SHORTEST_NAP), _LONGEST_NAP)
        self._open.append(taken)
        return None

    async def _take_in_thread(self) -> float | None:
        """Do what ``_take`` does; who is cancelled meanwhile leaves nothing taken.

        A ledger that blocks is asked in a thread of its own, not in one of the application's.
        """
        if is_local(self.ledger):
            return self._take()
        nap: float | None = await run_async(self._take, None, self._undo, may_outlive=False)
        return nap

    def _undo(self, nap: float | None) -> None:
        if nap is None:
            self.settle(0)

    def __getstate__(self) -> dict[str, Any]:
        """Leave open requests behind, and a ledger that lives in this process's memory."""
        ledger = None if isinstance(self.ledger, MemoryLedger) else self.ledger
        return {**self.__dict__, "ledger": ledger, "_open": deque()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.ledger = state["ledger"] or MemoryLedger()


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
        self, _: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if isinstance(came := getattr(error, "completion", None), Completion):
            self._tokens = Outcome(came, error, 0.0).output_tokens
        left_early = error is not None and not isinstance(error, Exception)
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
