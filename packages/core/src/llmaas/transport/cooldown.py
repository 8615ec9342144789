"""Cooldowns after rate limits, one per base URL and API key: a 429 for one caller pauses all."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace

from llmaas.wire.failures import StatusFailure

_SPREAD = 0.5
"""Seconds over which waiting callers are spread at the end of a cooldown (no stampede)."""
_MAX_COOLDOWNS = 1024
"""Cooldowns that are kept, so that a process with many keys stays bounded."""


class Cooldown:
    """Pause until a time of ``time.monotonic``; expired when created."""

    __slots__ = ("_ends_at", "_reason")

    def __init__(self) -> None:
        self._ends_at = 0.0
        self._reason: StatusFailure | None = None

    def start(self, seconds: float, reason: StatusFailure | None = None) -> None:
        """Pause all callers for ``seconds``; a longer pause in progress stays."""
        ends_at = time.monotonic() + seconds
        if ends_at > self._ends_at:
            self._ends_at, self._reason = ends_at, reason

    def remaining(self) -> float:
        """Return the seconds to wait before the next request, with jitter; 0 when expired."""
        left = self._ends_at - time.monotonic()
        return left + random.random() * min(_SPREAD, left) if left > 0 else 0.0  # noqa: S311

    def failure(self) -> StatusFailure | None:
        """Return the failure that started the cooldown, with the remaining time to wait."""
        if self._reason is None:
            return None
        left = max(0.0, self._ends_at - time.monotonic())
        headers = {k: v for k, v in self._reason.headers.items() if k != "retry-after-ms"}
        return replace(self._reason, headers={**headers, "retry-after": f"{left:.3f}"})


_cooldowns: dict[tuple[str, str], Cooldown] = {}
_lock = threading.Lock()


def get_cooldown(root: str, fingerprint: str) -> Cooldown:
    """Return the process-wide cooldown of a base URL and the fingerprint of an API key."""
    cooldown = _cooldowns.get((root, fingerprint))  # present for nearly every call
    if cooldown is not None:
        return cooldown
    with _lock:
        cooldown = _cooldowns.get((root, fingerprint))
        if cooldown is None:
            if len(_cooldowns) >= _MAX_COOLDOWNS:
                _evict()
            cooldown = _cooldowns[root, fingerprint] = Cooldown()
        return cooldown


def _evict() -> None:
    """Drop expired cooldowns, and the oldest half of the active ones."""
    active = {name: cooldown for name, cooldown in _cooldowns.items() if cooldown.remaining()}
    kept = list(active.items())[-_MAX_COOLDOWNS // 2 :]
    _cooldowns.clear()
    _cooldowns.update(kept)
