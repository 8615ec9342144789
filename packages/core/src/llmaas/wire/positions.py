"""Positions of inputs, as engines and gateways write them."""

from __future__ import annotations

from typing import Any


def position(value: Any) -> int | None:
    """Return a position: a whole number, also written as text or as a float; else None."""
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, str) and value.isdecimal() else None
