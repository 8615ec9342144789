"""Checks of the values of a profile; each returns the value to keep or raises ``ValueError``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, field, fields
from datetime import date
from typing import Any

Check = Callable[[Any], Any]

HONORED, IGNORED, REFUSED = "honored", "ignored", "refused"
VERDICTS = (HONORED, IGNORED, REFUSED)
"""What a service does with a parameter: it obeys, answers as without it, or returns an error."""


def fact(check: Check, default: Any = None) -> Any:
    """Declare a field of a profile; the default stands for an unknown value."""
    if callable(default):
        return field(default_factory=default, metadata={"check": check})
    return field(default=default, metadata={"check": check})


def checked_fields(instance: Any) -> Iterable[Field[object]]:
    """Return the fields of a profile that are written to its file."""
    return (each for each in fields(instance) if "check" in each.metadata)


def check_fields(instance: object) -> None:
    """Check all fields of a frozen instance, and keep the converted values.

    Raises ``ValueError`` with the field's name, the rule and the value.
    """
    for each in checked_fields(instance):
        value = getattr(instance, each.name)
        if value is None and each.default is None:
            continue  # unknown
        try:
            kept = each.metadata["check"](value)
        except ValueError as error:
            raise ValueError(f"{each.name}{error}") from None
        if kept is not value:
            object.__setattr__(instance, each.name, kept)


def to_count(value: Any) -> int:
    """Check an integer >= 1."""
    if type(value) is not int or value < 1:
        raise ValueError(f" must be an integer >= 1, got {value!r}")
    return value


def to_flag(value: Any) -> bool:
    """Check a boolean."""
    if not isinstance(value, bool):
        raise ValueError(f" must be true or false, got {value!r}")
    return value


def to_word(value: Any) -> str:
    """Check a text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f" must be a text, got {value!r}")
    return value


def to_words(value: Any) -> tuple[str, ...]:
    """Convert a list of texts."""
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise ValueError(f" must be a list of texts, got {value!r}")
    return tuple(to_word(each) for each in value)


def to_counts(value: Any) -> tuple[int, ...]:
    """Convert a list of integers >= 1."""
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise ValueError(f" must be a list of integers, got {value!r}")
    return tuple(to_count(each) for each in value)


def to_date(value: Any) -> date:
    """Convert a date in ISO format."""
    try:
        return value if type(value) is date else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f" must be a date such as 2026-11-30, got {value!r}") from None


def one_of(*known: object) -> Check:
    """Build a check against a list of values."""

    def check(value: Any) -> Any:
        if value not in known or isinstance(value, bool):
            raise ValueError(f" must be one of {', '.join(map(str, known))}, got {value!r}")
        return value

    return check


def each_of(check: Check, names: Iterable[str] = ()) -> Check:
    """Build a check of a mapping's values, and of its keys against ``names`` unless it is empty."""
    known = tuple(names)

    def check_all(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError(f" must be an object, got {value!r}")
        kept = {}
        for name, entry in value.items():
            if known and name not in known:
                raise ValueError(f"[{name!r}] is unknown; known: {', '.join(known)}")
            try:
                kept[to_word(name)] = check(entry)
            except ValueError as error:
                raise ValueError(f"[{name!r}]{error}") from None
        return kept

    return check_all


to_verdict = one_of(*VERDICTS)
to_verdicts = each_of(to_verdict)
