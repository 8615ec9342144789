"""Metering of usage, and enforcement of limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from llmaas_sandbox.auth.keys import Key
from llmaas_sandbox.clock import Clock
from llmaas_sandbox.errors import too_many
from llmaas_sandbox.limits.counters import Counters, windows
from llmaas_sandbox.limits.tiers import TIERS, UNLIMITED

REQUESTS_SHOWN = 1000
"""The limit that the documented headers show; what it counts is nowhere explained."""
_MINUTE = 60


@lru_cache(maxsize=256)
def _names(tenant: str, key_id: str, hour: int) -> tuple[str, str, str, str]:
    """Build the counter names of one hour: three of tokens, one of cost."""
    spans = windows(hour * 3600.0)
    return (
        f"tokens:{tenant}:{spans['hour'][0]}",
        f"tokens:{tenant}:{spans['day'][0]}",
        f"tokens:{key_id}:{spans['hour'][0]}",
        f"cost:{tenant}:{spans['month'][0]}",
    )


@dataclass(frozen=True, slots=True)
class LimitUsage:
    """One limit and how much of it is used."""

    name: str
    subject: str
    """The tenant, or the id of a key."""
    used: int
    limit: int
    ends: float


class Meter:
    """Counts output tokens and cost per tenant, and output tokens per key."""

    def __init__(self, counters: Counters, clock: Clock) -> None:
        self.counters, self._clock = counters, clock
        self._minutes: dict[tuple[str, int], int] = {}

    def read_limits(self, key: Key) -> Iterator[LimitUsage]:
        """Yield every limit that applies to a key."""
        tier = TIERS[key.tier]
        if tier is UNLIMITED and key.hourly_tokens is None:
            return
        spans = windows(self._clock.now())
        limits = (
            ("hour", f"tokens:{key.tenant}", tier.hourly_tokens),
            ("day", f"tokens:{key.tenant}", tier.daily_tokens),
            ("month", f"cost:{key.tenant}", tier.monthly_eur and tier.monthly_eur * 1_000_000),
            ("hour", f"tokens:{key.id}", key.hourly_tokens),
        )
        requested = [(span, subject, limit) for span, subject, limit in limits if limit is not None]
        names = tuple(f"{subject}:{spans[span][0]}" for span, subject, _ in requested)
        used = self.counters.read(names) if names else ()
        for (span, subject, limit), amount in zip(requested, used, strict=True):
            assert limit is not None
            kind, _, owner = subject.partition(":")
            yield LimitUsage(f"{kind}/{span}", owner, amount, limit, spans[span][1])

    def check(self, key: Key) -> None:
        """Raise a 429 refusal with the reset time if a limit is reached."""
        for limit in self.read_limits(key):
            if limit.used >= limit.limit:
                raise too_many({"x-ratelimit-reset-requests": str(int(limit.ends))})

    def add(self, key: Key, tokens: int, micro_eur: int) -> None:
        """Count a response."""
        amounts = (tokens, tokens, tokens, micro_eur)
        names = _names(key.tenant, key.id, int(self._clock.now() // 3600))
        self.counters.add(dict(zip(names, amounts, strict=True)))

    def headers(self, key: Key) -> dict[str, str]:
        """Count a request and return the documented headers, for the current minute."""
        now = self._clock.now()
        minute = int(now // _MINUTE)
        if len(self._minutes) > 1000:
            self._minutes.clear()
        seen = self._minutes[key.tenant, minute] = self._minutes.get((key.tenant, minute), 0) + 1
        return {
            "x-ratelimit-limit-requests": str(REQUESTS_SHOWN),
            "x-ratelimit-remaining-requests": str(max(0, REQUESTS_SHOWN - seen)),
            "x-ratelimit-reset-requests": str((minute + 1) * _MINUTE),
        }

    def clear(self) -> None:
        """Reset all counters."""
        self.counters.clear()
        self._minutes.clear()
