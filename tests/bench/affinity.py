"""CPU affinity of a process, where the system supports it."""

from __future__ import annotations

import os


def pin(number: int) -> None:
    """Keep this process on the given one of the processors that it may use."""
    if hasattr(os, "sched_setaffinity"):
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {mine[number % len(mine)]})
