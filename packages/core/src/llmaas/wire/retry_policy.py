"""Number of retries of a call, and their pauses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Number of retries and limits of their pauses, in seconds."""

    max_retries: int = 2
    base: float = 0.5
    cap: float = 8.0
    max_wait: float = 60.0
    """Longest delay that the service may request; beyond it the error is raised at once."""
    rate_limit_timeout: float = 0.0
    """Seconds that a call waits for rate limits (429), independent of ``max_retries``: with many
    callers per key, most are refused several times."""
