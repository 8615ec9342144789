"""Bounded cache of the most recent values."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """Values by key; the oldest entry is dropped when the cache is full."""

    def __init__(self, max_entries: int) -> None:
        self._entries: OrderedDict[bytes, Value] = OrderedDict()
        self._max_entries = max_entries

    def get(self, key: bytes) -> Value | None:
        """Return the value of a key, or None."""
        return self._entries.get(key)

    def put(self, key: bytes, value: Value) -> None:
        """Store a value."""
        self._entries[key] = value
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Drop all values."""
        self._entries.clear()
