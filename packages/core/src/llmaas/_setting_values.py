"""Timeouts of a client, and limits of the size of its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from llmaas._errors_base import ConfigurationError
from llmaas._option_parsing import is_seconds


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


for _kind in (Timeout, Limits):
    _kind.__module__ = "llmaas.settings"  # the public module, shown in documentation and pickles
