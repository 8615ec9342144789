"""A clock that a test can push forward."""

from __future__ import annotations

import time


class Clock:
    """Wall-clock seconds plus whatever was skipped."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def now(self) -> float:
        """Return epoch seconds."""
        return time.time() + self._skipped

    def advance(self, seconds: float) -> None:
        """Skip ``seconds``; only forward."""
        if seconds < 0:
            raise ValueError("a clock only goes forward")
        self._skipped += seconds

    def reset(self) -> None:
        """Return to the present."""
        self._skipped = 0.0
