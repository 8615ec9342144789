"""Clock that tests can freeze and advance."""

from __future__ import annotations

import time

MAX_STEP = 10 * 366 * 86_400
"""Seconds of one step that a client may ask for: calendars end, and so would every answer."""


class Clock:
    """Wall clock or frozen time, plus the seconds skipped by ``advance``."""

    def __init__(self, frozen_at: float | None = None) -> None:
        self._frozen_at = frozen_at
        self._skipped = 0.0

    def now(self) -> float:
        """Return epoch seconds."""
        moment = time.time() if self._frozen_at is None else self._frozen_at
        return moment + self._skipped

    def advance(self, seconds: float) -> None:
        """Advance by ``seconds``, which must not be negative."""
        if seconds < 0:
            raise ValueError("a clock only goes forward")
        self._skipped += seconds

    def reset(self) -> None:
        """Undo all advances."""
        self._skipped = 0.0
