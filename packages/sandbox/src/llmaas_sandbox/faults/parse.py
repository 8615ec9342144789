"""Parser of fault lists: ``name[:arg[:arg]][@odds][*times]``, comma separated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf

from llmaas_sandbox.errors import bad_request
from llmaas_sandbox.faults.names import ENGINES, FAULTS

FAULT_HEADERS = ("x-sandbox-fault", "x-sandbox-dialect")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault with its arguments; ``times`` limits it to the first attempts."""

    name: str
    arguments: tuple[str, ...] = ()
    times: int | None = None
    odds: float = 1.0
    """How probable it is, from 0 to 1."""

    @property
    def text(self) -> str:
        """The fault as it was written."""
        return ":".join((self.name, *self.arguments))


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one request; a later one wins over an earlier one of the same name."""

    chosen: tuple[Fault, ...] = ()
    seed: str = ""
    """What the jitter of this request is drawn from."""

    def __contains__(self, name: str) -> bool:
        return bool(self.chosen) and any(f.name == name for f in self.chosen)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.chosen)

    def arguments(self, name: str) -> tuple[str, ...] | None:
        """Return the arguments of a fault, or None if it is not set."""
        if not self.chosen:
            return None
        return next((f.arguments for f in reversed(self.chosen) if f.name == name), None)

    def argument(self, name: str, position: int, default: str) -> str:
        """Return one argument of a fault, or the default."""
        given = self.arguments(name) or ()
        return given[position] if len(given) > position and given[position] else default

    def number(self, name: str, position: int, default: float) -> float:
        """Return one argument as a number; reject anything else (400)."""
        if not self.chosen:
            return default
        return parse_number(name, self.argument(name, position, str(default)))

    @property
    def engine(self) -> str:
        """Name of the emulated engine, or an empty string."""
        return self.argument("engine", 0, "") if self.chosen else ""

    def first(self, names: frozenset[str]) -> str | None:
        """Return the last of several alternatives that is set, or None."""
        return next((f.name for f in reversed(self.chosen) if f.name in names), None)


NO_FAULTS = Faults()


def parse_number(name: str, text: str) -> float:
    """Parse a finite, non-negative argument of a fault (400 otherwise)."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < inf:
        raise bad_request(f"Fault '{name}': '{text}' is not a number")
    return number


def parse_faults(text: str) -> tuple[Fault, ...]:
    """Parse a list of faults; reject unknown names (400)."""
    parts = (part.strip() for part in text.replace("+sandbox/", ",").split(","))
    return tuple(fault for part in parts if part for fault in _expanded(_parse_fault(part)))


def parse_fault_header(headers: Mapping[str, str]) -> tuple[Fault, ...]:
    """Parse the faults in the headers of a request."""
    return tuple(
        f for name in FAULT_HEADERS if (text := headers.get(name)) for f in parse_faults(text)
    )


def _expanded(fault: Fault) -> Iterator[Fault]:
    """Yield a fault, preceded by the variants of the engine that it names."""
    if fault.name == "engine":
        name = ":".join(fault.arguments)
        if name not in ENGINES:
            raise bad_request(f"Fault 'engine': no engine '{name}'; known: {', '.join(ENGINES)}")
        yield from (Fault(piece, (), fault.times) for piece in ENGINES[name])
    yield fault


def _parse_fault(text: str) -> Fault:
    written, _, times = text.partition("*")
    written, _, odds = written.partition("@")
    name, *arguments = written.strip().split(":")
    if name not in FAULTS:
        raise bad_request(f"Unknown sandbox fault '{name}'; known: {', '.join(sorted(FAULTS))}")
    if times and not times.strip().isdigit():
        raise bad_request(f"Fault '{name}': '*{times}' is not a number of times")
    chance = parse_number(name, odds or "1")
    if chance > 1 or (chance < 1 and name == "engine"):
        raise bad_request(f"Fault '{name}': '@{odds}' is not a probability that it can have")
    return Fault(name, tuple(arguments), int(times) if times else None, chance)
