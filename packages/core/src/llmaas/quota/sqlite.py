"""Ledger in a SQLite file, shared by the processes of one machine."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from llmaas._errors_base import LedgerError
from llmaas._fork import lock_during_fork
from llmaas.quota.clock import ledger_time
from llmaas.quota.ledger import Denied, Limit, Reservation, check_limits
from llmaas.quota.owner import current_process, has_ended, is_running

_SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS taken (
    account TEXT, span REAL, bucket INTEGER, amount INTEGER NOT NULL,
    PRIMARY KEY (account, span, bucket)
) WITHOUT ROWID
""",
    """
CREATE TABLE IF NOT EXISTS reserved (
    account TEXT, span REAL, id TEXT, bucket INTEGER NOT NULL, amount INTEGER NOT NULL,
    owner TEXT NOT NULL, ends REAL NOT NULL,
    PRIMARY KEY (account, span, id)
) WITHOUT ROWID
""",
    "CREATE TABLE IF NOT EXISTS clock (boot TEXT, wall REAL, monotonic REAL, ledger REAL)",
)
_ADD = """
INSERT INTO taken VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET amount = amount + excluded.amount
"""
_SUBTRACT = """
UPDATE taken SET amount = max(0, amount - ?) WHERE account = ? AND span = ? AND bucket = ?
"""
HOLD = 3_600.0
"""Seconds after which a reservation ends whose owner's process cannot be checked."""


class SQLiteLedger:
    """Ledger in the file ``path`` (mode 0600), on a clock that does not follow the wall clock.

    Reservations of a process that was killed are released when the file is next opened, or when
    their amount is needed. Those of another machine or container end after ``hold`` seconds.
    All threads share one connection, since SQLite has one writer at a time. It is closed before a
    fork, because SQLite does not support connections that two processes share.
    ``timeout`` is the time in seconds to wait for another process that is writing.

    Raises ``LedgerError`` when the file cannot be read or written.
    """

    def __init__(self, path: str | Path, *, timeout: float = 30.0, hold: float = HOLD) -> None:
        self.path = str(path)
        self._timeout, self._hold = timeout, hold
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        lock_during_fork(self)
        with self._transaction() as database:
            for statement in _SCHEMA:
                database.execute(statement)
            _release(database, ledger_time(database))

    def __del__(self) -> None:
        self._disconnect()

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore, (self.path, self._timeout, self._hold))

    def reserve(self, account: str, amount: int, limits: Sequence[Limit]) -> Reservation | Denied:
        """Reserve an amount if every limit allows it."""
        with self._transaction() as database:
            now = ledger_time(database)
            denied = _check(database, account, amount, limits, now)
            if denied is not None and _release(database, now):
                denied = _check(database, account, amount, limits, now)
            if denied is not None:
                return denied
            reservation = Reservation(account, amount, now, uuid.uuid4().hex)
            _reserve(database, reservation, limits, now + self._hold)
            return reservation

    def settle(self, reservation: Reservation, used: int, limits: Sequence[Limit]) -> None:
        """Replace a reservation by the amount used."""
        with self._transaction() as database:
            for limit in limits:
                _settle(database, reservation, max(0, used), limit)

    def used(self, account: str, limit: Limit) -> int:
        """Return the amount that counts against a limit now."""
        with self._transaction() as database:
            now = ledger_time(database)
            _release(database, now)
            return sum(amount for _, amount in _read_buckets(database, account, limit, now))

    def close(self) -> None:
        """Close the file after the running transaction; the next use opens it again."""
        with self._lock:
            self._disconnect()

    def hold(self) -> None:
        """Lock the ledger and close the file before a fork; the next use opens it again."""
        self._lock.acquire()
        self._disconnect()

    def let_go(self) -> None:
        """Unlock the ledger after a fork."""
        self._lock.release()

    def _disconnect(self) -> None:
        database, self._connection = self._connection, None
        if database is not None:
            database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield from self._run_transaction()
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(
                f"The ledger in {self.path} failed: {error}. Check that the disk is not full, "
                "and that no other program locks the file."
            ) from error

    def _run_transaction(self) -> Iterator[sqlite3.Connection]:
        deadline = time.monotonic() + self._timeout
        database = self._connection
        if database is None:
            database = self._connection = _connect(self.path, self._timeout)
        _begin(database, deadline)
        try:
            yield database
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


def _restore(path: str, timeout: float, hold: float) -> SQLiteLedger:
    return SQLiteLedger(path, timeout=timeout, hold=hold)


def _begin(database: sqlite3.Connection, deadline: float) -> None:
    """Begin a write transaction. SQLite's busy timeout is unfair and may end early."""
    while True:
        try:
            database.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= deadline:
                raise
            time.sleep(0.005)


def _connect(path: str, timeout: float) -> sqlite3.Connection:
    if path != ":memory:":
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    database = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode=WAL")
    except BaseException:
        database.close()
        raise
    return database


def _check(
    database: sqlite3.Connection, account: str, amount: int, limits: Sequence[Limit], now: float
) -> Denied | None:
    used = [_read_buckets(database, account, limit, now) for limit in limits]
    if check_limits(limits, amount, used, now) is None:
        return None
    query = "SELECT coalesce(sum(amount), 0) FROM reserved WHERE account = ? AND span = ?"
    keys = [(account, limit.seconds or 0.0) for limit in limits]
    return check_limits(
        limits, amount, used, now, [database.execute(query, key).fetchone()[0] for key in keys]
    )


def _read_buckets(
    database: sqlite3.Connection, account: str, limit: Limit, now: float
) -> list[tuple[int, int]]:
    span = limit.seconds or 0.0
    if limit.seconds is not None:
        key = (account, span, limit.oldest_bucket(now))
        database.execute("DELETE FROM taken WHERE account = ? AND span = ? AND bucket < ?", key)
    query = "SELECT bucket, amount FROM taken WHERE account = ? AND span = ?"
    return list(database.execute(query, (account, span)))


def _reserve(
    database: sqlite3.Connection, reservation: Reservation, limits: Sequence[Limit], ends: float
) -> None:
    owner = current_process()
    for limit in limits:
        span, bucket = limit.seconds or 0.0, limit.bucket(reservation.at)
        database.execute(_ADD, (reservation.account, span, bucket, reservation.amount))
        row = (reservation.account, span, reservation.id, bucket, reservation.amount, owner, ends)
        database.execute("INSERT OR REPLACE INTO reserved VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def _settle(
    database: sqlite3.Connection, reservation: Reservation, used: int, limit: Limit
) -> None:
    """Settle a reservation. One that was released meanwhile counts with the amount used."""
    key = (reservation.account, limit.seconds or 0.0, reservation.id)
    where = "WHERE account = ? AND span = ? AND id = ?"
    row = database.execute(f"SELECT bucket, amount FROM reserved {where}", key).fetchone()  # noqa: S608
    bucket, amount = row or (limit.bucket(reservation.at), 0)
    database.execute(f"DELETE FROM reserved {where}", key)  # noqa: S608
    database.execute(_SUBTRACT, (amount, *key[:2], bucket))
    database.execute(_ADD, (*key[:2], bucket, used))


def _release(database: sqlite3.Connection, now: float) -> bool:
    """Release reservations of processes that ended; return whether there were any."""
    owners = [row[0] for row in database.execute("SELECT DISTINCT owner FROM reserved")]
    released = 0
    for owner in owners:
        if is_running(owner):
            continue
        ends = float("inf") if has_ended(owner) else now
        query = "SELECT amount, account, span, bucket FROM reserved WHERE owner = ? AND ends <= ?"
        with closing(database.execute(query, (owner, ends))) as found:
            rows = found.fetchall()
        database.executemany(_SUBTRACT, rows)
        database.execute("DELETE FROM reserved WHERE owner = ? AND ends <= ?", (owner, ends))
        released += len(rows)
    return released > 0
