"""The result of one check, and how a check is timed and kept from failing itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum


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
