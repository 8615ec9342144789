"""When batches are processed: nights of weekdays, and weekends, in the service's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_OPENS, _CLOSES = 22, 7
_SATURDAY = 5


def is_open(now: float) -> bool:
    """Tell whether the documented window (22:00-07:00, all weekend, in France) is open."""
    local = paris_hour(now)
    return local.weekday() >= _SATURDAY or local.hour >= _OPENS or local.hour < _CLOSES


def paris_hour(now: float) -> datetime:
    """Return the hour in France, without needing a time zone database."""
    moment = datetime.fromtimestamp(now, UTC)
    start, end = (_last_sunday(moment.year, month) for month in (3, 10))
    return moment + timedelta(hours=2 if start <= moment < end else 1)


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)
