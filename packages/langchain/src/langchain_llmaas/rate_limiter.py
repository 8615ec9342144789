"""Rate limiter for the service's quotas: output tokens per hour and day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from langchain_core.rate_limiters import BaseRateLimiter

import llmaas
from llmaas import adapters

if TYPE_CHECKING:
    from llmaas.quota import Ledger, Limit


class TierRateLimiter(BaseRateLimiter):
    """Waits until the account's tier has output tokens left, for ``ChatLLMaaS(rate_limiter=)``.

    A request reserves as many tokens as recent answers used, and settles the true number when
    it ends. Share one limiter between all models of an account; a SQLite or Redis ``ledger`` of
    the core shares it between processes and machines.
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
        """Set a tier (1 to 4) or custom limits; ``expected`` is the first reservation."""
        from llmaas.quota import TIERS  # with SQLite, which most chat models do not need

        if tier is not None and tier not in TIERS:
            raise ValueError(f"tier must be one of {[*TIERS]}, got {tier!r}")
        limits = [*(TIERS[tier].limits if tier else ()), *limits]
        if not limits:
            raise ValueError("tier or limits is required, got neither")
        self._tokens = adapters.TokenReservations(
            limits, ledger=ledger, account=account, expected=expected
        )

    def acquire(self, *, blocking: bool = True) -> bool:
        """Reserve tokens for a request, and wait for them if ``blocking``."""
        while (delay := self._tokens.reserve()) is not None:
            if not blocking:
                return False
            time.sleep(delay)
        return True

    async def aacquire(self, *, blocking: bool = True) -> bool:
        """Reserve tokens for a request, and wait for them if ``blocking``."""
        while (delay := await self._tokens.areserve()) is not None:
            if not blocking:
                return False
            await asyncio.sleep(delay)
        return True

    def settle(self, tokens: int | None) -> None:
        """Replace the oldest reservation by the tokens used; None (unknown) keeps it."""
        self._tokens.settle(tokens)

    @property
    def remaining(self) -> int:
        """The output tokens left within the tightest limit."""
        return self._tokens.remaining


class _TokenTracker:
    """Settles a reservation by the counted tokens when its ``with`` block ends."""

    def __init__(self, limiter: TierRateLimiter) -> None:
        self._limiter = limiter
        self._tokens: int | None = 0

    def __enter__(self) -> Callable[[llmaas.Completion], llmaas.Completion]:
        return self._count

    def _count(self, completion: llmaas.Completion) -> llmaas.Completion:
        usage = completion.usage
        self._tokens = usage.completion_tokens if usage else None
        return completion

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if isinstance(partial := getattr(error, "completion", None), llmaas.Completion):
            self._tokens = adapters.count_output_tokens(partial)
        interrupted = error is not None and not isinstance(error, Exception)
        self._limiter.settle(None if interrupted else self._tokens)


class _NullTracker:
    def __enter__(self) -> Callable[[llmaas.Completion], llmaas.Completion]:
        return _identity

    def __exit__(self, *_: object) -> None:
        pass


def _identity(completion: llmaas.Completion) -> llmaas.Completion:
    return completion


_NULL_TRACKER = _NullTracker()


def track_tokens(limiter: BaseRateLimiter | None) -> _TokenTracker | _NullTracker:
    """Track the tokens of one request for a ``TierRateLimiter``; do nothing for others."""
    return _TokenTracker(limiter) if isinstance(limiter, TierRateLimiter) else _NULL_TRACKER
