"""Graceful shutdown: counts running requests and rejects new requests after SIGTERM."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from config import Config
from faults import Refusal


class Gate:
    """Counter of running requests that rejects new requests after ``close``."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._closed_at: float | None = None
        self.running = 0

    @property
    def is_open(self) -> bool:
        """Whether new requests are accepted."""
        return self._closed_at is None

    def close(self) -> None:
        """Reject new requests. Running requests may finish."""
        self._closed_at = time.monotonic()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Count a request while it runs. Raises ``Refusal`` (503) when closed."""
        if not self.is_open:
            raise Refusal(503, "shutting_down", "This server is stopping.", **{"retry-after": "1"})
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1

    def may_go(self) -> bool:
        """Check whether the server can stop: all requests have finished or timed out."""
        if self._closed_at is None:
            return False
        since = time.monotonic() - self._closed_at
        return since >= self._config.drain or (since >= self._config.notice and not self.running)


class PatientServer(uvicorn.Server):
    """Server that drains: it rejects new requests until running ones finish, then stops."""

    def __init__(self, config: uvicorn.Config, gate: Gate) -> None:
        super().__init__(config)
        self._gate = gate

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Close the gate on the first signal. Stop immediately on the second."""
        if self._gate.is_open:
            self._gate.close()
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Check ten times per second whether the server can stop."""
        return await super().on_tick(counter) or self._gate.may_go()
