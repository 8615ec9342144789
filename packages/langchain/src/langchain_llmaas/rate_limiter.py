"""A rate limiter that knows what the service limits: output tokens, by hour and by day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from langchain_core.rate_limiters import BaseRateLimiter

from llmaas import Completion
from llmaas.adapters import TokenReservations, count_output_tokens
from llmaas.quota import TIERS, Ledger, Limit


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
        limits = [*(TIERS[tier].limits if tier else ()), *limits]
        if not limits:
            raise ValueError("say which tier, or which limits")
        self._tokens = TokenReservations(limits, ledger=ledger, account=account, expected=expected)

    def acquire(self, *, blocking: bool = True) -> bool:
        """Take tokens for a request, waiting for them if need be."""
        while (nap := self._tokens.reserve()) is not None:
            if not blocking:
                return False
            time.sleep(nap)
        return True

    async def aacquire(self, *, blocking: bool = True) -> bool:
        """Take tokens for a request, waiting for them if need be."""
        while (nap := await self._tokens.areserve()) is not None:
            if not blocking:
                return False
            await asyncio.sleep(nap)
        return True

    def settle(self, tokens: int | None) -> None:
        """Put the tokens used in the place of those taken first; None (unknown) keeps the guess."""
        self._tokens.settle(tokens)

    @property
    def remaining(self) -> int:
        """The output tokens left within the tightest limit."""
        return self._tokens.remaining


class _TokenTracker:
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
            self._tokens = count_output_tokens(came)
        left_early = error is not None and not isinstance(error, Exception)
        self._limiter.settle(None if left_early else self._tokens)


class _NullTracker:
    def __enter__(self) -> Callable[[Completion], Completion]:
        return _identity

    def __exit__(self, *_: object) -> None:
        pass


def _identity(completion: Completion) -> Completion:
    return completion


_NULL_TRACKER = _NullTracker()


def track_tokens(limiter: BaseRateLimiter | None) -> _TokenTracker | _NullTracker:
    """Return what tells a ``TierRateLimiter`` the tokens of one request, nothing to others."""
    return _TokenTracker(limiter) if isinstance(limiter, TierRateLimiter) else _NULL_TRACKER
