"""One gate per address and key: a 429 for one caller makes all of them wait."""

from __future__ import annotations

import random
import threading
import time

_SPREAD = 0.5
"""Seconds over which waiting callers are spread when the gate opens: no stampede."""


class Gate:
    """Open, or closed until a moment of ``time.monotonic``."""

    def __init__(self) -> None:
        self._opens = 0.0

    def close_for(self, seconds: float) -> None:
        """Let nobody through for so long; a longer wait that is already on stays."""
        self._opens = max(self._opens, time.monotonic() + seconds)

    def delay(self) -> float:
        """Return how long to wait before the next request; 0 when the gate is open."""
        left = self._opens - time.monotonic()
        return left + random.random() * min(_SPREAD, left) if left > 0 else 0.0  # noqa: S311


_gates: dict[tuple[str, str], Gate] = {}
_lock = threading.Lock()


def gate_for(root: str, fingerprint: str) -> Gate:
    """Return the process's gate for an address and a key (told by its fingerprint)."""
    with _lock:
        return _gates.setdefault((root, fingerprint), Gate())
