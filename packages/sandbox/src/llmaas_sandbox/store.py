"""Persistent storage: one SQLite file, or memory."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FILE = "sandbox.sqlite"
_MOST_WAITING = 500
"""Queued writes that are kept back where memory is all there is."""
Write = Callable[[sqlite3.Connection], None]


class Store:
    """SQLite database whose committed transactions survive a killed process.

    Write-ahead logging hands every commit to the operating system before it returns, so a
    ``kill -9`` loses nothing; a power cut may lose the last moments.

    A queue (:meth:`queue`) lets many requests share one transaction. Readers see what is queued.
    Without a folder the database is a temporary file that SQLite keeps in memory while it is
    small, so that a long run does not grow.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        where = "" if folder is None else str(folder / _FILE)
        self.lock = threading.RLock()
        """Held while the database, or what is queued for it, changes."""
        self._after: list[Callable[[], None]] = []
        self._writers: list[Write] = []
        self._queued = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._connection = sqlite3.connect(where, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA busy_timeout=10000")

    @staticmethod
    def exists_in(folder: Path) -> bool:
        """Whether a folder contains a store."""
        return (folder / _FILE).is_file()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open an exclusive transaction; transactions may nest."""
        with self.lock:
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
        """Call a function after the open transaction is committed."""
        self._after.append(act)

    def on_flush(self, write: Write) -> None:
        """Register a function that writes its queued data on each flush."""
        self._writers.append(write)

    def queue(self) -> None:
        """Mark a registered writer as having queued data."""
        self._queued += 1

    def flush(self) -> None:
        """Write all queued data in one transaction."""
        if not self._queued:
            return
        with self.transaction() as connection:
            self._queued = 0
            for write in self._writers:
                write(connection)

    async def written(self) -> None:
        """Wait until the queued data is committed, together with that of concurrent tasks."""
        if not self._queued:
            return
        if self.folder is None:
            if self._queued > _MOST_WAITING:
                self.flush()
            return
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._end_turn)
        mine = loop.create_future()
        self._waiting.append(mine)
        await mine

    def _end_turn(self) -> None:
        waiting, self._waiting = self._waiting, []
        problem: BaseException | None = None
        try:
            self.flush()
        except Exception as failed:
            problem = failed
        for future in waiting:
            if future.done():  # its request was cancelled
                continue
            if problem is None:
                future.set_result(None)
            else:
                future.set_exception(problem)

    def create(self, *statements: str) -> None:
        """Create missing tables."""
        with self.transaction() as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(
        self, query: str, values: Sequence[Any] = (), *, flush: bool = True
    ) -> list[tuple[Any, ...]]:
        """Run a query, after flushing queued data."""
        with self.lock:
            if flush:
                self.flush()
            return self._connection.execute(query, values).fetchall()

    def version(self) -> int:
        """Return a number that changes when another process writes."""
        with self.lock:
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

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
        """Close the database."""
        with self.lock:
            self.flush()
            self._connection.close()

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()
