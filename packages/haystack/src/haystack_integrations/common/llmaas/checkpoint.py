"""Vectors kept on disk as they come, so that a run that was killed goes on where it was."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

_ASKED_AT_ONCE = 500


class Checkpoint:
    """A SQLite file of vectors, by what was embedded where: server, model, dimensions and text.

    Each batch is committed by itself. Safe for threads; one process at a time should write.
    """

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID"
        )

    @classmethod
    @contextmanager
    def open(cls, path: str | Path | None) -> Iterator[Checkpoint | None]:
        """Yield the file's checkpoint until the block ends; None without a path."""
        if path is None:
            yield None
            return
        checkpoint = cls(path)
        with closing(checkpoint._db):
            yield checkpoint

    def read(self, keys: Iterable[bytes]) -> dict[bytes, list[float]]:
        """Return the vectors that are there."""
        found: dict[bytes, list[float]] = {}
        rest = iter(keys)
        while some := list(islice(rest, _ASKED_AT_ONCE)):
            marks = ",".join("?" * len(some))
            query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608
            for key, blob in self._db.execute(query, some):
                found[key] = array("d", blob).tolist()
        return found

    def write(self, pairs: Iterable[tuple[bytes, Sequence[float]]]) -> None:
        """Keep vectors."""
        rows = [(key, array("d", vector).tobytes()) for key, vector in pairs]
        with self._lock, self._db:
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)


def key_of(server: str, model: str, dimensions: int | None, text: str) -> bytes:
    """Return the key of a text: equal for what gives an equal vector, and for nothing else.

    Two servers may know two models by one name: a sandbox invents its vectors.
    """
    whole = f"{server}\0{model}\0{dimensions}\0{text}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).digest()
