"""What survives a restart: one SQLite file, or nothing but memory."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FILE = "sandbox.sqlite"


class Store:
    """A small database. What a transaction wrote outlives a killed process.

    Write-ahead logging hands every commit to the operating system before it returns, so a
    ``kill -9`` loses nothing; a power cut may lose the last moments.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        where = ":memory:" if folder is None else str(folder / _FILE)
        self._lock = threading.RLock()
        self._after: list[Callable[[], None]] = []
        self._connection = sqlite3.connect(where, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA busy_timeout=10000")

    @staticmethod
    def exists_in(folder: Path) -> bool:
        """Tell whether a folder holds a store."""
        return (folder / _FILE).is_file()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing, one writer at a time; transactions may nest."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                self._after.clear()
                raise
            self._connection.execute("COMMIT")
            waiting, self._after = self._after, []
            for act in waiting:
                act()

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do something when the transaction that is open has been written."""
        self._after.append(act)

    def create(self, *statements: str) -> None:
        """Make tables that do not exist yet."""
        with self.transaction() as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def version(self) -> int:
        """Return a number that changes when another process writes."""
        return int(self.rows("PRAGMA data_version")[0][0])

    def secret(self, name: str) -> bytes:
        """Return 32 secret bytes, kept in a file of their own (mode 600) or in memory only."""
        if self.folder is None:
            return os.urandom(32)
        path = self.folder / f"{name}.key"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            secret = path.read_bytes()
            if len(secret) != 32:
                raise ValueError(f"{path.name} must hold 32 bytes, got {len(secret)}.") from None
            return secret
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(32))
        return path.read_bytes()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()
