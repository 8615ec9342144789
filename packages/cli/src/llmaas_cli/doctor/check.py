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
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it stands, and what to do about it."""

    name: str
    status: Status
    detail: str
    advice: str | None = None
    seconds: float | None = None


def ok(name: str, detail: str) -> Check:
    """Return a passed check."""
    return Check(name, Status.OK, detail)


def warn(name: str, detail: str, advice: str | None = None) -> Check:
    """Return a check that passed with a remark."""
    return Check(name, Status.WARN, detail, advice)


def fail(name: str, detail: str, advice: str) -> Check:
    """Return a failed check; there is always something to do."""
    return Check(name, Status.FAIL, detail, advice)


def skip(name: str, why: str) -> Check:
    """Return a check that could not or need not be made."""
    return Check(name, Status.SKIP, why)


def timed(look: Callable[[], Check]) -> Check:
    """Make a check and note how long it took (seconds)."""
    start = time.perf_counter()
    check = look()
    return replace(check, seconds=round(time.perf_counter() - start, 4))


def bounded(look: Callable[[], T], seconds: float) -> T:
    """Return what ``look`` returns; raise ``TimeoutError`` when that takes too long.

    It runs in a daemon thread, because a name server's silence cannot be interrupted.
    """
    ended: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put((look(), None))
        except BaseException as error:  # raised again where it is waited for
            ended.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        value, error = ended.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if error is not None:
        raise error
    return cast(T, value)
