"""Monitor of a process: memory, files and threads, sampled every second."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

WARMING = 1 / 3
"""The part of a run in which pools and caches may still grow."""


def memory() -> float:
    """Resident megabytes of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def files() -> int:
    """Open files and sockets of this process."""
    return len(os.listdir("/proc/self/fd"))


def threads() -> int:
    """Threads of this process, but the one that the core keeps to end what was dropped."""
    names = [thread.name for thread in threading.enumerate()]
    return sum(name != "llmaas-finalizer" for name in names)


class Gauge:
    """Samples the memory while a block runs."""

    def __init__(self) -> None:
        self.samples: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        began = time.monotonic()
        while not self._over.wait(1.0):
            self.samples.append((time.monotonic() - began, memory()))

    @property
    def steady(self) -> list[tuple[float, float]]:
        """The samples after the warming up."""
        return self.samples[int(len(self.samples) * WARMING) :]

    @property
    def slope(self) -> float:
        """Growth in MB a minute after the warming up, by least squares."""
        points = self.steady
        if len(points) < 2:
            return 0.0
        middle = sum(x for x, _ in points) / len(points)
        mean = sum(y for _, y in points) / len(points)
        spread = sum((x - middle) ** 2 for x, _ in points)
        return 60 * sum((x - middle) * (y - mean) for x, y in points) / spread
