"""Retry decisions, as pure functions of a failure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from llmaas.wire.failures import Failure, StatusFailure
from llmaas.wire.retry_policy import RetryPolicy

_RETRIED_STATUSES = frozenset({408, 409, 429})
_PERMANENT_5XX = frozenset({501, 505})
"""Not implemented: the batch endpoint answers 501 if it is disabled."""

_HINTED_STATUSES = frozenset({429, 503})
_EPOCH = 1_000_000_000  # a larger "reset" is a time, a smaller one a duration
_MAX_LENGTH = 64
"""Maximum characters of a header; longer ones are ignored, because parsing may be slow."""
_MAX_SKEW = 10 * 86_400.0
"""Maximum difference of clocks in seconds; beyond it, the service's date is wrong."""
_MIN_SKEW = 2.0
"""Insignificant difference in seconds: dates have no fractions, and servers cache them."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class RetryDelay:
    """Pause of ``seconds`` before the next attempt; ``pauses_all`` if other callers wait as well.

    ``counts_as_retry`` is false when the pause is taken from ``rate_limit_timeout``.
    """

    seconds: float
    pauses_all: bool = False
    counts_as_retry: bool = True


def next_delay(
    policy: RetryPolicy,
    attempt: int,
    failure: Failure,
    *,
    now: float,
    jitter: float,
    waited: float = 0.0,
) -> RetryDelay | None:
    """Return the delay before the next attempt, or None to raise the failure.

    ``attempt`` counts from 0, ``now`` is in epoch seconds, ``jitter`` is random in 0..1, and
    ``waited`` is the number of seconds that the call has waited for rate limits.
    """
    is_limited = isinstance(failure, StatusFailure) and failure.status == 429
    time_left = policy.rate_limit_timeout - waited if is_limited else 0.0
    may_retry = attempt < policy.max_retries
    if not (may_retry or time_left > 0) or not is_retryable(failure):
        return None
    requested = retry_after(failure, now=now)
    if requested is not None:
        if requested > max(time_left, policy.max_wait if may_retry else 0.0):
            return None
        seconds = requested + jitter * min(
            1.0, 0.1 + requested * 0.05
        )  # never earlier than requested
    else:
        seconds = min(policy.cap, policy.base * 2 ** min(attempt, 10)) * (0.5 + jitter / 2)
    return RetryDelay(seconds, pauses_all=is_limited, counts_as_retry=time_left <= 0)


def is_retryable(failure: Failure) -> bool:
    """Whether the same request may succeed later."""
    if not isinstance(failure, StatusFailure):
        return failure.kind in ("connect", "read", "timeout")
    status = failure.status
    return status in _RETRIED_STATUSES or (status >= 500 and status not in _PERMANENT_5XX)


def retry_after(failure: Failure, *, now: float) -> float | None:
    """Parse the requested delay in seconds, in any supported header."""
    if not isinstance(failure, StatusFailure):
        return None
    headers = failure.headers
    now = _service_time(headers, now)
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    requested = _time_or_duration(headers.get("retry-after"), now)
    if requested is None and failure.status in _HINTED_STATUSES:
        requested = _reset(headers, now)
    return requested


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    """Parse ``X-RateLimit-Reset-Requests``: epoch seconds in the documented example."""
    return _time_or_duration(headers.get("x-ratelimit-reset-requests"), now)


def _service_time(headers: Mapping[str, str], now: float) -> float:
    """Return the time of the service's clock, which its headers refer to."""
    date = headers.get("date")
    service_now = _timestamp(date) if date and len(date) <= _MAX_LENGTH else None
    is_skewed = service_now is not None and _MIN_SKEW < abs(service_now - now) <= _MAX_SKEW
    return service_now if service_now is not None and is_skewed else now


def _time_or_duration(text: str | None, now: float) -> float | None:
    text = (text or "").strip()
    if not text or len(text) > _MAX_LENGTH:
        return None
    number = _number(text)
    if number is not None:
        return max(0.0, number - now if number > _EPOCH else number)
    parts = _DURATION.findall(text)
    if parts and "".join(n + unit for n, unit in parts) == text:
        return sum(float(n) * _UNIT[unit] for n, unit in parts)
    moment = _timestamp(text)
    return None if moment is None else max(0.0, moment - now)


def _timestamp(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text and len(text) <= _MAX_LENGTH else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < float("inf") else None
