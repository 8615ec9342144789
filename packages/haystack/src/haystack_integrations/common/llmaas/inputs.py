"""Checks of the inputs of components."""

from __future__ import annotations

from typing import Any


def check_list(name: str, value: Any) -> Any:
    """Return a list or tuple. Raises ``TypeError`` for others, such as a single string.

    A string would be taken for the list of its characters.
    """
    if isinstance(value, list | tuple):
        return value
    raise TypeError(f"{name} must be a list, got {value!r:.80}.")
