"""Parsing of input positions in responses."""

from __future__ import annotations


def parse_position(value: object) -> int | None:
    """Parse a whole number, also written as text or as a float; return None otherwise."""
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, str) and value.isdecimal() else None
