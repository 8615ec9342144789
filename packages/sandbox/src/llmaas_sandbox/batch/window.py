"""Batch window: weekday nights and weekends, in the time zone of the service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_OPENS, _CLOSES = 22, 7
_SATURDAY = 5


def is_open(now: float) -> bool:
    """Whether the documented window is open (22:00-07:00 and weekends, French time)."""
    local = paris_hour(now)
    return local.weekday() >= _SATURDAY or local.hour >= _OPENS or local.hour < _CLOSES


def paris_hour(now: float) -> datetime:
    """Convert epoch seconds to French local time without a time zone database."""
    moment = datetime.fromtimestamp(now, UTC)
    start, end = (_last_sunday(moment.year, month) for month in (3, 10))
    return moment + timedelta(hours=2 if start <= moment < end else 1)


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)
