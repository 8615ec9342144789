"""Usage counters per hour, day and month: in memory, SQLite or Redis."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from llmaas_sandbox.store import Store

_KEPT_SECONDS = 40 * 24 * 3600


class Counters(Protocol):
    """Named counters."""

    def add(self, amounts: Mapping[str, int]) -> None:
        """Add to several counters at once."""

    def read(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Read several counters."""

    def clear(self) -> None:
        """Clear everything."""


class MemoryCounters:
    """Counters in the memory of one process."""

    def __init__(self) -> None:
        self._amounts: dict[str, int] = {}

    def add(self, amounts: Mapping[str, int]) -> None:
        """Add to several counters at once."""
        for name, amount in amounts.items():
            self._amounts[name] = self._amounts.get(name, 0) + amount

    def read(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Read several counters."""
        return tuple(self._amounts.get(name, 0) for name in names)

    def clear(self) -> None:
        """Clear everything."""
        self._amounts.clear()


class StoredCounters:
    """Counters in the sandbox's database, written with its next transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, int] = {}
        store.on_flush(self._write)
        store.create(
            "CREATE TABLE IF NOT EXISTS used (name TEXT PRIMARY KEY, amount INTEGER NOT NULL)"
        )

    def add(self, amounts: Mapping[str, int]) -> None:
        """Add to several counters at once."""
        with self._store.lock:
            for name, amount in amounts.items():
                self._waiting[name] = self._waiting.get(name, 0) + amount
            self._store.queue()

    def _write(self, connection: sqlite3.Connection) -> None:
        waiting, self._waiting = self._waiting, {}
        statement = (
            "INSERT INTO used VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET amount = amount + excluded.amount"
        )
        connection.executemany(statement, waiting.items())

    def read(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Read several counters."""
        return tuple(self._read_counter(name) for name in names)

    def _read_counter(self, name: str) -> int:
        rows = self._store.rows("SELECT amount FROM used WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else 0

    def clear(self) -> None:
        """Clear everything."""
        self._store.flush()
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM used")


class RedisCounters:
    """Counters in Redis, shared by several sandboxes (extra ``redis``)."""

    def __init__(self, url: str, prefix: str = "llmaas-sandbox:") -> None:
        import redis

        self._redis: Any = redis.Redis.from_url(url)
        self._prefix = prefix

    def add(self, amounts: Mapping[str, int]) -> None:
        """Add to several counters at once."""
        with self._redis.pipeline(transaction=True) as pipeline:
            for name, amount in amounts.items():
                pipeline.incrby(self._prefix + name, amount)
                pipeline.expire(self._prefix + name, _KEPT_SECONDS)
            pipeline.execute()

    def read(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Read several counters."""
        found = self._redis.mget([self._prefix + n for n in names])
        return tuple(int(value or 0) for value in found)

    def clear(self) -> None:
        """Clear everything."""
        for name in self._redis.scan_iter(self._prefix + "*"):
            self._redis.delete(name)

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()


def windows(now: float) -> dict[str, tuple[str, float]]:
    """Return the name and the end of the current hour, day and month (UTC)."""
    return _windows(int(now // 3600))


@lru_cache(maxsize=4)
def _windows(hour: int) -> dict[str, tuple[str, float]]:
    now = hour * 3600.0
    moment = time.gmtime(now)
    month = (moment.tm_year, moment.tm_mon)
    next_month = (month[0] + month[1] // 12, month[1] % 12 + 1)
    end = _epoch(*next_month)
    return {
        "hour": (f"h{int(now // 3600)}", (now // 3600 + 1) * 3600),
        "day": (f"d{int(now // 86400)}", (now // 86400 + 1) * 86400),
        "month": (f"m{month[0]}-{month[1]:02d}", end),
    }


def _epoch(year: int, month: int) -> float:
    import calendar

    return float(calendar.timegm((year, month, 1, 0, 0, 0)))
