"""Current date for lifecycles, in one place so that tests can replace it."""

from __future__ import annotations

from datetime import UTC, date, datetime


def today() -> date:
    """Return today's date (UTC)."""
    return datetime.now(UTC).date()
