"""Checkpoint file of an embedding run, from which a killed run resumes."""

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
_TRANSPORT_PARAMS = frozenset({"extra_headers", "timeout", "deadline", "max_retries"})
"""Parameters that do not change a vector."""


class Checkpoint:
    """SQLite file of vectors, keyed by server, model, parameters and text.

    Each batch is one transaction. Thread-safe; only one process at a time should write.
    """

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.Lock()
        self._path = Path(path).absolute()
        self._db: sqlite3.Connection | None = _connect(self._path)

    @classmethod
    @contextmanager
    def open(cls, path: str | Path | None) -> Iterator[Checkpoint | None]:
        """Open a checkpoint for the duration of the block; yield None without a path."""
        if path is None:
            yield None
            return
        checkpoint = cls(path)
        with closing(checkpoint):
            yield checkpoint

    def close(self) -> None:
        """Close the file. A thread that still has vectors to write reopens it."""
        with self._lock:
            db, self._db = self._db, None
        if db is not None:
            db.close()

    def read(self, keys: Iterable[bytes]) -> dict[str, dict[bytes, list[float]]]:
        """Load the stored vectors of these keys, by model and key."""
        found: dict[str, dict[bytes, list[float]]] = {}
        assert self._db is not None
        remaining = iter(keys)
        while batch := list(islice(remaining, _KEYS_PER_QUERY)):
            marks = ",".join("?" * len(batch))
            query = f"SELECT model, key, vector FROM embeddings WHERE key IN ({marks})"  # noqa: S608
            for model, key, blob in self._db.execute(query, batch):
                found.setdefault(model, {})[key] = array("d", blob).tolist()
        return found

    def write(self, model: str, pairs: Iterable[tuple[bytes, Sequence[float]]]) -> None:
        """Store vectors under the model that computed them."""
        rows = [(key, model, array("d", vector).tobytes()) for key, vector in pairs]
        with self._lock:
            if self._db is not None:
                _insert(self._db, rows)
                return
        with closing(_connect(self._path)) as db:  # closed by a second Ctrl-C
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
    """Compute the key of a text, which is equal only for equal requests.

    The server is part of it: a sandbox serves other vectors under the same model name. The
    model that answered is stored beside the key, because the service may redirect a name.
    """
    params = {name: params[name] for name in params if name not in _TRANSPORT_PARAMS}
    suffix = f"\0{json.dumps(params, sort_keys=True, default=str)}" if params else ""
    request = f"{server}\0{model}\0{dimensions}{suffix}\0{text}"
    return hashlib.sha256(request.encode("utf-8", "surrogatepass")).digest()
