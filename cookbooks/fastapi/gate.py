"""Who is inside: running answers are counted, and after SIGTERM nobody new comes in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from config import Config
from faults import Refusal


class Gate:
    """Lets questions in until it is closed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._closed_at: float | None = None
        self.running = 0

    @property
    def is_open(self) -> bool:
        """Whether questions are let in."""
        return self._closed_at is None

    def close(self) -> None:
        """Let nobody in any more; those inside may finish."""
        self._closed_at = time.monotonic()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Count an answer as long as it runs."""
        if not self.is_open:
            raise Refusal(503, "shutting_down", "This server is stopping.", **{"retry-after": "1"})
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1

    def may_go(self) -> bool:
        """Tell whether the server can stop: everybody left, or stayed for too long."""
        if self._closed_at is None:
            return False
        since = time.monotonic() - self._closed_at
        return since >= self._config.drain or (since >= self._config.notice and not self.running)


class PatientServer(uvicorn.Server):
    """Stops in two steps: not ready and refusing while answers finish, then closed."""

    def __init__(self, config: uvicorn.Config, gate: Gate) -> None:
        super().__init__(config)
        self._gate = gate

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Close the gate at the first signal; stop at once at the second."""
        if self._gate.is_open:
            self._gate.close()
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Look, ten times a second, whether it is time to go."""
        return await super().on_tick(counter) or self._gate.may_go()
