"""A ledger in a file: it survives restarts, and the processes of one machine share it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from llmaas.forks import hold_at_fork
from llmaas.quota.ledger import Limit, Refused, Taken, decide

_SCHEMA = """
CREATE TABLE IF NOT EXISTS taken (
    account TEXT, span REAL, bucket INTEGER, amount INTEGER NOT NULL,
    PRIMARY KEY (account, span, bucket)
) WITHOUT ROWID
"""
_ADD = """
INSERT INTO taken VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET amount = amount + excluded.amount
"""
_PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""


class SQLiteLedger:
    """A ledger in the file ``path``.

    It has one connection, which its threads use in turn: SQLite lets one write at a time anyway.
    A fork finds the file closed, since SQLite knows of no open file that two processes share.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        hold_at_fork(self)
        with self._transaction() as database:
            database.execute(_SCHEMA)

    def __del__(self) -> None:
        self._shut()

    def __reduce__(self) -> tuple[Any, ...]:
        return (SQLiteLedger, (self.path,))

    def take(self, account: str, amount: int, limits: Sequence[Limit]) -> Taken | Refused:
        """Take an amount if every limit allows it."""
        with self._transaction() as database:
            now = time.time()
            parts = [_parts(database, account, limit, now) for limit in limits]
            refused = decide(limits, amount, parts, now)
            if refused is not None:
                return refused
            _add(database, account, amount, limits, now)
            return Taken(account, amount, now)

    def settle(self, taken: Taken, used: int, limits: Sequence[Limit]) -> None:
        """Put what was really used in the place of what was taken."""
        with self._transaction() as database:
            _add(database, taken.account, used - taken.amount, limits, taken.at)

    def used(self, account: str, limit: Limit) -> int:
        """Return what counts against a limit now."""
        with self._transaction() as database:
            return sum(amount for _, amount in _parts(database, account, limit, time.time()))

    def close(self) -> None:
        """Close the file, once nobody is writing; a later use opens it again."""
        with self._lock:
            self._shut()

    def hold(self) -> None:
        """Close the file before a fork, once nobody is writing; a later use opens it again."""
        self._lock.acquire()
        self._shut()

    def let_go(self) -> None:
        """Go on after a fork."""
        self._lock.release()

    def _shut(self) -> None:
        database, self._connection = self._connection, None
        if database is not None:
            database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            database = self._connection
            if database is None:
                database = self._connection = _opened(self.path)
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise


def _opened(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(
        path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        database.execute("PRAGMA journal_mode=WAL")
    except BaseException:
        database.close()
        raise
    return database


def _parts(
    database: sqlite3.Connection, account: str, limit: Limit, now: float
) -> list[tuple[int, int]]:
    span = limit.seconds or 0.0
    key = (account, span, limit.oldest(now))
    database.execute("DELETE FROM taken WHERE account = ? AND span = ? AND bucket < ?", key)
    query = "SELECT bucket, amount FROM taken WHERE account = ? AND span = ?"
    return list(database.execute(query, key[:2]))


def _add(
    database: sqlite3.Connection, account: str, amount: int, limits: Sequence[Limit], at: float
) -> None:
    rows = [(account, limit.seconds or 0.0, limit.bucket(at), amount) for limit in limits]
    database.executemany(_ADD, rows)
