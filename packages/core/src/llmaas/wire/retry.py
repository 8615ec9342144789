"""Whether to try again after a failure, and when: a pure decision."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from llmaas.wire.failures import Failure, StatusFailure

_RETRIED_STATUSES = frozenset({408, 409, 429})
_HOPELESS_5XX = frozenset({501, 505})
"""Not implemented: the batch endpoint answers 501 where it is switched off."""

_HINTED_STATUSES = frozenset({429, 503})
_EPOCH = 1_000_000_000  # a larger "reset" is a moment, a smaller one a number of seconds
_LONGEST = 64
"""Characters of a wait or a date; a longer header is not read, as parsing it may be slow."""
_MAX_SKEW = 10 * 86_400.0
"""Seconds by which the service's clock may differ from ours: beyond it, its date is wrong."""
_MIN_SKEW = 2.0
"""Seconds of difference that say nothing: dates have no fractions, and servers cache them."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Number of retries and limits of their pauses, in seconds."""

    max_retries: int = 2
    base: float = 0.5
    cap: float = 8.0
    max_wait: float = 60.0
    """The longest wait that the service may ask for; beyond it the error comes at once."""
    rate_limit_timeout: float = 0.0
    """How long a call goes on waiting for a rate limit (429) to end, whatever ``max_retries``:
    among many callers with one key, most are refused more often than a few times."""


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
    chance: float,
    waited: float = 0.0,
) -> RetryDelay | None:
    """Return the wait before the next attempt, or None to give up.

    ``attempt`` counts from 0, ``now`` is epoch seconds, ``chance`` a random 0..1, ``waited``
    the seconds that the call has waited for rate limits.
    """
    is_limited = isinstance(failure, StatusFailure) and failure.status == 429
    time_left = policy.rate_limit_timeout - waited if is_limited else 0.0
    may_retry = attempt < policy.max_retries
    if not (may_retry or time_left > 0) or not is_retryable(failure):
        return None
    asked = retry_after(failure, now=now)
    if asked is not None:
        if asked > max(time_left, policy.max_wait if may_retry else 0.0):
            return None
        seconds = asked + chance * min(1.0, 0.1 + asked * 0.05)  # never earlier than asked
    else:
        seconds = min(policy.cap, policy.base * 2 ** min(attempt, 10)) * (0.5 + chance / 2)
    return RetryDelay(seconds, pauses_all=is_limited, counts_as_retry=time_left <= 0)


def is_retryable(failure: Failure) -> bool:
    """Whether the same request may succeed later."""
    if not isinstance(failure, StatusFailure):
        return failure.kind in ("connect", "read", "timeout")
    status = failure.status
    return status in _RETRIED_STATUSES or (status >= 500 and status not in _HOPELESS_5XX)


def retry_after(failure: Failure, *, now: float) -> float | None:
    """Return the seconds that the service asked to wait, in whichever form it did."""
    if not isinstance(failure, StatusFailure):
        return None
    headers = failure.headers
    now = _service_time(headers, now)
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    asked = _moment_or_duration(headers.get("retry-after"), now)
    if asked is None and failure.status in _HINTED_STATUSES:
        asked = _reset(headers, now)
    return asked


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    """``X-RateLimit-Reset-Requests``: epoch seconds in the documented example."""
    return _moment_or_duration(headers.get("x-ratelimit-reset-requests"), now)


def _service_time(headers: Mapping[str, str], now: float) -> float:
    """Return the time by the clock of the service, which its moments are told in."""
    date = headers.get("date")
    told = _timestamp(date) if date and len(date) <= _LONGEST else None
    is_skewed = told is not None and _MIN_SKEW < abs(told - now) <= _MAX_SKEW
    return told if told is not None and is_skewed else now


def _moment_or_duration(text: str | None, now: float) -> float | None:
    text = (text or "").strip()
    if not text or len(text) > _LONGEST:
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
        number = float(text) if text and len(text) <= _LONGEST else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < float("inf") else None
