"""Stores of batches, which keep results for a day."""

from __future__ import annotations

import json
import sqlite3
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

from llmaas_sandbox.store import Store

RETENTION_SECONDS = 24 * 3600
MAX_CONVERSATIONS = 1000
MAX_QUEUED = 100
STARTED_AFTER, DONE_AFTER = 60.0, 120.0
"""Seconds after which a batch moves by itself; it moves as well each time it is asked about."""


@dataclass(slots=True)
class Batch:
    """One batch with its status and results."""

    id: str
    key: str
    model: str
    model_requested: str
    body: dict[str, Any]
    created: float
    status: str = "queued"
    completed_at: float | None = None
    results: list[dict[str, Any]] = field(default_factory=list)
    will_fail: bool = False
    error: dict[str, Any] | None = None

    def is_over(self, now: float) -> bool:
        """Whether the retention period has ended, also for a batch that was never polled."""
        ended = self.created + DONE_AFTER if self.completed_at is None else self.completed_at
        return now > ended + RETENTION_SECONDS

    def is_waiting(self, now: float) -> bool:
        """Whether processing has not begun."""
        return self.status == "queued" and now < self.created + STARTED_AFTER

    def summary(self) -> dict[str, Any]:
        """Build the response body of creation and polling."""
        failed = sum(1 for r in self.results if "error" in r)
        counts = {
            "total": len(self.body["messages"]),
            "completed": len(self.results) - failed,
            "failed": failed,
        }
        body: dict[str, Any] = {
            "id": self.id,
            "object": "batch",
            "status": self.status,
            "model": self.model,
        }
        body |= {"model_requested": self.model_requested, "request_counts": counts}
        if self.status in ("completed", "failed"):
            body["results"] = self.results
        if self.error:
            body["error"] = self.error
        return body


class BatchStore:
    """Batches of a single process, in memory."""

    def __init__(self) -> None:
        self._batches: dict[str, Batch] = {}

    def add(self, batch: Batch) -> None:
        """Add a batch and purge expired ones."""
        self._batches = {
            i: old for i, old in self._batches.items() if not old.is_over(batch.created)
        }
        self._batches[batch.id] = batch

    def get(self, batch_id: str, now: float) -> Batch | None:
        """Return a batch, or None if it is unknown or expired."""
        batch = self._batches.get(batch_id)
        if batch is not None and batch.is_over(now):
            del self._batches[batch_id]
            return None
        return batch

    def exclusive(self) -> AbstractContextManager[object]:
        """Lock a batch while it is read, changed and saved."""
        return nullcontext()

    def save(self, batch: Batch) -> None:
        """Save a changed batch; a no-op in memory."""

    def queued(self, now: float) -> list[Batch]:
        """Return the waiting batches, oldest first."""
        return [batch for batch in self._batches.values() if batch.is_waiting(now)]

    def clear(self) -> None:
        """Delete all batches."""
        self._batches.clear()


class SharedBatchStore(BatchStore):
    """Batches shared by several processes, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.create(
            "CREATE TABLE IF NOT EXISTS batches (id TEXT PRIMARY KEY, record TEXT NOT NULL)"
        )

    def add(self, batch: Batch) -> None:
        """Add a batch and purge expired ones."""
        with self.exclusive() as connection:
            over = [(old.id,) for old in self._all() if old.is_over(batch.created)]
            connection.executemany("DELETE FROM batches WHERE id = ?", over)
            self.save(batch)

    def get(self, batch_id: str, now: float) -> Batch | None:
        """Return a batch, or None if it is unknown or expired."""
        rows = self._store.rows("SELECT record FROM batches WHERE id = ?", (batch_id,))
        batch = Batch(**json.loads(rows[0][0])) if rows else None
        return None if batch is None or batch.is_over(now) else batch

    def exclusive(self) -> AbstractContextManager[sqlite3.Connection]:
        """Lock the store against writes of other processes."""
        return self._store.transaction()

    def save(self, batch: Batch) -> None:
        """Save a changed batch for the other processes."""
        record = json.dumps(asdict(batch))
        with self.exclusive() as connection:
            connection.execute("REPLACE INTO batches VALUES (?, ?)", (batch.id, record))

    def queued(self, now: float) -> list[Batch]:
        """Return the waiting batches, oldest first."""
        return [batch for batch in self._all() if batch.is_waiting(now)]

    def _all(self) -> list[Batch]:
        rows = self._store.rows("SELECT record FROM batches ORDER BY rowid")
        return [Batch(**json.loads(text)) for (text,) in rows]

    def clear(self) -> None:
        """Delete all batches."""
        with self.exclusive() as connection:
            connection.execute("DELETE FROM batches")
