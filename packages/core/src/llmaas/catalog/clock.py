"""The day that lifecycles are judged by; one place, so that a test can hold it still."""

from __future__ import annotations

from datetime import UTC, date, datetime


def today() -> date:
    """Return today's date (UTC)."""
    return datetime.now(UTC).date()
