"""Wait with a timeout for another thread, task or process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

SECONDS = 10.0


def eventually(holds: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.005)


async def soon(holds: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until something holds, and let the loop go on meanwhile."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"not within {seconds} s"
        await asyncio.sleep(0.005)
