"""One gate per address and key: a 429 for one caller makes all of them wait."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace

from llmaas.wire.failures import StatusFailure

_SPREAD = 0.5
"""Seconds over which waiting callers are spread when the gate opens: no stampede."""
_MOST = 1024
"""Gates that are kept: a process that serves many keys does not grow with their number."""


class Cooldown:
    """Open, or closed until a moment of ``time.monotonic``."""

    __slots__ = ("_opens", "_reason")

    def __init__(self) -> None:
        self._opens = 0.0
        self._reason: StatusFailure | None = None

    def start_cooldown(self, seconds: float, reason: StatusFailure | None = None) -> None:
        """Let nobody through for so long; a longer wait that is already on stays."""
        opens = time.monotonic() + seconds
        if opens > self._opens:
            self._opens, self._reason = opens, reason

    def delay(self) -> float:
        """Return how long to wait before the next request; 0 when the gate is open."""
        left = self._opens - time.monotonic()
        return left + random.random() * min(_SPREAD, left) if left > 0 else 0.0  # noqa: S311

    def refusal(self) -> StatusFailure | None:
        """Return the failure that closed the gate, with the wait that is left of it."""
        if self._reason is None:
            return None
        left = max(0.0, self._opens - time.monotonic())
        headers = {k: v for k, v in self._reason.headers.items() if k != "retry-after-ms"}
        return replace(self._reason, headers={**headers, "retry-after": f"{left:.3f}"})


_gates: dict[tuple[str, str], Cooldown] = {}
_lock = threading.Lock()


def cooldown_for(root: str, fingerprint: str) -> Cooldown:
    """Return the process's gate for an address and a key, which its fingerprint identifies."""
    gate = _gates.get((root, fingerprint))  # there already for nearly every call
    if gate is not None:
        return gate
    with _lock:
        gate = _gates.get((root, fingerprint))
        if gate is None:
            if len(_gates) >= _MOST:
                _forget_open()
            gate = _gates[root, fingerprint] = Cooldown()
        return gate


def _forget_open() -> None:
    """Drop the gates that nobody has to wait for; if all are closed, the oldest half."""
    closed = {name: gate for name, gate in _gates.items() if gate.delay()}
    kept = list(closed.items())[-_MOST // 2 :]
    _gates.clear()
    _gates.update(kept)
