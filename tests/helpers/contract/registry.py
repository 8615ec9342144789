"""How a row of the contract is entered: a sentence, its check, and the ways it makes sense in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import BaseModel

from tests.helpers.contract.driver import Bench, Driver, Way

Check = Callable[[Bench], Awaitable[None]]
Fits = Callable[[Way], bool]

CALLS = [{"name": "get_weather", "arguments": {"city": city}} for city in ("Paris", "Lyon")]
CODED = {"error": {"message": "non", "type": "t", "code": "c"}}
THOUGHT = "Je pèse le pour et le contre."


class City(BaseModel):
    """What a structured answer must look like."""

    name: str


@dataclass(frozen=True)
class Behaviour:
    """One row."""

    says: str
    check: Check
    fits: Fits

    def ways(self, driver: Driver) -> list[Way]:
        """Return the ways in which a driver is held to it."""
        return [way for way in driver.ways if self.fits(way)]


def every(_: Way) -> bool:
    """Fit in any way."""
    return True


def whole(way: Way) -> bool:
    """Fit answers that come at once."""
    return not way.stream


def streamed(way: Way) -> bool:
    """Fit streams."""
    return way.stream


def awaited(way: Way) -> bool:
    """Fit what runs in an event loop."""
    return not way.sync


def threaded(way: Way) -> bool:
    """Fit what runs in threads."""
    return way.sync


def can_be_left(way: Way) -> bool:
    """Fit what its caller can give up: a thread that waits for a whole answer cannot."""
    return way.stream or not way.sync


class Rows(list[Behaviour]):
    """The rows of one part of the contract, in order."""

    def row(self, says: str, fits: Fits = every) -> Callable[[Check], Check]:
        """Enter a check under a sentence."""

        def enter(check: Check) -> Check:
            self.append(Behaviour(says, check, fits))
            return check

        return enter
