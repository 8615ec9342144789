"""Parsers of client and call options; each raises ``ConfigurationError`` for an invalid value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from llmaas._errors_base import ConfigurationError

Headers = tuple[tuple[str, str], ...]


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
