"""Result of one check, timed and with errors converted to results."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar, cast

T = TypeVar("T")


class Status(StrEnum):
    """Outcomes of a check."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Check:
    """Result of one check, with a fix for a failure."""

    name: str
    status: Status
    detail: str
    advice: str | None = None
    seconds: float | None = None


def ok(name: str, detail: str) -> Check:
    """Create a passed check."""
    return Check(name, Status.OK, detail)


def warn(name: str, detail: str, advice: str | None = None) -> Check:
    """Create a check that passed with a warning."""
    return Check(name, Status.WARN, detail, advice)


def fail(name: str, detail: str, advice: str) -> Check:
    """Create a failed check; ``advice`` is required."""
    return Check(name, Status.FAIL, detail, advice)


def skip(name: str, reason: str) -> Check:
    """Create a check that was not run."""
    return Check(name, Status.SKIP, reason)


def run_timed(function: Callable[[], Check]) -> Check:
    """Run a check and record its time (seconds)."""
    start = time.perf_counter()
    check = function()
    return replace(check, seconds=round(time.perf_counter() - start, 4))


def run_with_timeout(function: Callable[[], T], seconds: float) -> T:
    """Call a function with a timeout. Raises ``TimeoutError``.

    Runs in a daemon thread, because a name lookup cannot be interrupted.
    """
    outcome: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put((function(), None))
        except BaseException as error:  # re-raised in the calling thread
            outcome.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        value, error = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if error is not None:
        raise error
    return cast(T, value)
