"""Registration of contract cases: a title, a check, and the modes that it applies to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import BaseModel

from tests.helpers.contract.driver import Driver, Harness, Mode

Check = Callable[[Harness], Awaitable[None]]
ModeFilter = Callable[[Mode], bool]

CALLS = [{"name": "get_weather", "arguments": {"city": city}} for city in ("Paris", "Lyon")]
CODED = {"error": {"message": "non", "type": "t", "code": "c"}}
THOUGHT = "Je pèse le pour et le contre."


class City(BaseModel):
    """Schema of structured answers in cases."""

    name: str


@dataclass(frozen=True)
class Case:
    """One row of the contract."""

    title: str
    check: Check
    applies: ModeFilter

    def modes(self, driver: Driver) -> list[Mode]:
        """Return the modes of a driver that the case applies to."""
        return [mode for mode in driver.modes if self.applies(mode)]


def any_mode(_: Mode) -> bool:
    """Accept every mode."""
    return True


def whole(mode: Mode) -> bool:
    """Accept modes without streaming."""
    return not mode.stream


def streamed(mode: Mode) -> bool:
    """Accept streaming modes."""
    return mode.stream


def asynchronous(mode: Mode) -> bool:
    """Accept modes in an event loop."""
    return not mode.sync


def threaded(mode: Mode) -> bool:
    """Accept modes in a thread."""
    return mode.sync


def can_cancel(mode: Mode) -> bool:
    """Accept calls that their caller can cancel: all but blocking calls without a stream."""
    return mode.stream or not mode.sync


class Contract(list[Case]):
    """Cases of one part of the contract, in order."""

    def case(self, title: str, applies: ModeFilter = any_mode) -> Callable[[Check], Check]:
        """Register the decorated check under a title."""

        def register(check: Check) -> Check:
            self.append(Case(title, check, applies))
            return check

        return register
