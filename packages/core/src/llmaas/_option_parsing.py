"""Values and parsers of options; each raises ``ConfigurationError`` for an invalid value."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from llmaas._errors_base import ConfigurationError

Headers = tuple[tuple[str, str], ...]
PROFILE_VARIABLE = "LLMAAS_PROFILE"


@dataclass(frozen=True, slots=True)
class Timeout:
    """Seconds to wait for a connection, and for the next byte of an answer.

    A reasoning model may send nothing for minutes: clients of the service use up to 660 s.
    """

    connect: float = 10.0
    read: float = 600.0

    @classmethod
    def coerce(cls, value: float | Timeout | Mapping[str, float] | None) -> Timeout:
        """Convert a number of seconds (of reading), or what ``asdict`` returned.

        Defaults to ``Timeout()`` for None. Raises ``ConfigurationError`` for anything else.
        """
        if isinstance(value, Timeout):
            return value
        if isinstance(value, Mapping) and value.keys() <= {"connect", "read"}:
            return cls(**value)
        if value is None:
            return cls()
        if not is_seconds(value):
            raise ConfigurationError(f"timeout must be seconds or a Timeout, got {value!r}.")
        return cls(min(10.0, float(value)), float(value))


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the size of an answer, so that none exhausts the memory.

    An answer beyond a limit raises ``InvalidResponseError`` (``StreamInterrupted`` in mid-stream)
    and is not requested again.
    """

    body: int = 256 << 20
    """Bytes of one answer, decompressed. Defaults to 256 MiB."""
    event: int = 64 << 20
    """Bytes of one event of a stream. Defaults to 64 MiB."""
    ratio: int = 200
    """Maximum compression ratio of a body, beyond 4 MiB. Defaults to 200."""

    def __post_init__(self) -> None:
        for name in ("body", "event", "ratio"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ConfigurationError(f"limits.{name} must be an integer >= 1, got {value!r}.")


def parse_deadline(value: object) -> float | None:
    """Return a number of seconds, or None for no deadline."""
    return None if value is None else parse_seconds(value)


def parse_seconds(value: object) -> float:
    """Return a deadline in seconds."""
    if not is_seconds(value):
        raise ConfigurationError(f"deadline must be a number of seconds, got {value!r}.")
    return float(value)


def is_seconds(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number, and not NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def parse_count(value: object, name: str) -> int:
    """Return an integer >= 0."""
    if not isinstance(value, int) or value < 0:
        raise ConfigurationError(f"{name} must be an integer >= 0, got {value!r}.")
    return value


def parse_model_names(value: object) -> tuple[str, ...]:
    """Return the model names of ``fallbacks``."""
    if (
        isinstance(value, str)
        or not isinstance(value, Sequence)
        or not all(isinstance(name, str) and name.strip() for name in value)
    ):
        raise ConfigurationError(f"fallbacks must be a list of model names, got {value!r}.")
    return tuple(value)


def parse_headers(value: Mapping[str, str] | None) -> Headers:
    """Return headers as pairs; no message repeats the value of one."""
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"headers must be a dict of strings, got {type(value).__name__}.")
    for name, text in value.items():
        if not all(isinstance(t, str) and t.isascii() and t.isprintable() for t in (name, text)):
            raise ConfigurationError(
                f"headers[{name!r}] must be a string of printable ASCII characters."
            )
    return tuple(value.items())


def given_profile(value: object) -> object:
    """Return an argument, or the path in ``LLMAAS_PROFILE``; None if neither is given."""
    return value or os.environ.get(PROFILE_VARIABLE) or None


for _kind in (Timeout, Limits):
    _kind.__module__ = "llmaas.settings"  # the public module, shown in documentation and pickles
