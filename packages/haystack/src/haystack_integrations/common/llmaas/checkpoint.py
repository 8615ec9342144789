"""Vectors kept on disk as they come, so that a run that was killed goes on where it was."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

_KEYS_PER_QUERY = 500


class Checkpoint:
    """A SQLite file of vectors, by what was embedded where: server, model, parameters and text.

    Each batch is committed by itself. Safe for threads; one process at a time should write.
    """

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.Lock()
        self._path = Path(path).absolute()
        self._db: sqlite3.Connection | None = _connect(self._path)

    @classmethod
    @contextmanager
    def open(cls, path: str | Path | None) -> Iterator[Checkpoint | None]:
        """Yield the file's checkpoint until the block ends; None without a path."""
        if path is None:
            yield None
            return
        checkpoint = cls(path)
        with closing(checkpoint):
            yield checkpoint

    def close(self) -> None:
        """Close the file. A thread that still has vectors to write opens it again."""
        with self._lock:
            db, self._db = self._db, None
        if db is not None:
            db.close()

    def read(self, keys: Iterable[bytes]) -> dict[str, dict[bytes, list[float]]]:
        """Return the vectors that are there, by the model that made them."""
        found: dict[str, dict[bytes, list[float]]] = {}
        assert self._db is not None
        rest = iter(keys)
        while some := list(islice(rest, _KEYS_PER_QUERY)):
            marks = ",".join("?" * len(some))
            query = f"SELECT model, key, vector FROM embeddings WHERE key IN ({marks})"  # noqa: S608
            for model, key, blob in self._db.execute(query, some):
                found.setdefault(model, {})[key] = array("d", blob).tolist()
        return found

    def write(self, model: str, pairs: Iterable[tuple[bytes, Sequence[float]]]) -> None:
        """Keep vectors of the model that answered."""
        rows = [(key, model, array("d", vector).tobytes()) for key, vector in pairs]
        with self._lock:
            if self._db is not None:
                _insert(self._db, rows)
                return
        with closing(_connect(self._path)) as db:  # a second Ctrl-C ended the run
            _insert(db, rows)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, timeout=60)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute(
        "CREATE TABLE IF NOT EXISTS embeddings "
        "(key BLOB, model TEXT, vector BLOB, PRIMARY KEY (key, model)) WITHOUT ROWID"
    )
    return db


def _insert(db: sqlite3.Connection, rows: Sequence[tuple[bytes, str, bytes]]) -> None:
    with db:
        db.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)", rows)


def cache_key(
    server: str, model: str, dimensions: int | None, text: str, params: Mapping[str, Any]
) -> bytes:
    """Return the key of a text: equal for equal requests, and for nothing else.

    Two servers may know two models by one name: a sandbox invents its vectors. Which model
    answered is kept beside the key: a name may be redirected.
    """
    more = f"\0{json.dumps(params, sort_keys=True, default=str)}" if params else ""
    whole = f"{server}\0{model}\0{dimensions}{more}\0{text}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).digest()
