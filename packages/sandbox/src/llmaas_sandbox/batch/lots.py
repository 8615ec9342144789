"""Lots in memory: queued, answered, kept for a day."""

from __future__ import annotations

import json
import sqlite3
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

from llmaas_sandbox.store import Store

KEPT_SECONDS = 24 * 3600
MAX_CONVERSATIONS = 1000
MAX_QUEUED = 100
STARTED_AFTER, DONE_AFTER = 60.0, 120.0
"""Seconds after which a lot moves by itself; it moves as well each time it is asked about."""


@dataclass(slots=True)
class Lot:
    """One batch and what became of it."""

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
        """Tell whether its day has passed; a lot that nobody asks about has one, too."""
        ended = self.created + DONE_AFTER if self.completed_at is None else self.completed_at
        return now > ended + KEPT_SECONDS

    def is_waiting(self, now: float) -> bool:
        """Tell whether nothing has been done for it yet."""
        return self.status == "queued" and now < self.created + STARTED_AFTER

    def summary(self) -> dict[str, Any]:
        """Return the body that creation and polling answer."""
        failed = sum(1 for r in self.results if "error" in r)
        counts = {
            "total": len(self.body["messages"]),
            "completed": len(self.results) - failed,
            "failed": failed,
        }
        told: dict[str, Any] = {
            "id": self.id,
            "object": "batch",
            "status": self.status,
            "model": self.model,
        }
        told |= {"model_requested": self.model_requested, "request_counts": counts}
        if self.status in ("completed", "failed"):
            told["results"] = self.results
        if self.error:
            told["error"] = self.error
        return told


class Lots:
    """The lots of one instance."""

    def __init__(self) -> None:
        self._lots: dict[str, Lot] = {}

    def add(self, lot: Lot) -> None:
        """Keep a new lot; what expired is purged."""
        self._lots = {i: old for i, old in self._lots.items() if not old.is_over(lot.created)}
        self._lots[lot.id] = lot

    def get(self, lot_id: str, now: float) -> Lot | None:
        """Return a lot unless it is unknown or expired; what expired is purged."""
        lot = self._lots.get(lot_id)
        if lot is not None and lot.is_over(now):
            del self._lots[lot_id]
            return None
        return lot

    def changing(self) -> AbstractContextManager[Any]:
        """Keep others from changing a lot that is read, changed and saved."""
        return nullcontext()

    def save(self, lot: Lot) -> None:
        """Keep what changed; nothing to do where memory is shared."""

    def queued(self, now: float) -> list[Lot]:
        """Return the lots that wait, oldest first."""
        return [lot for lot in self._lots.values() if lot.is_waiting(now)]

    def clear(self) -> None:
        """Lose everything, as a restart does."""
        self._lots.clear()


class SharedLots(Lots):
    """The lots of an instance that runs as several processes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.create("CREATE TABLE IF NOT EXISTS lots (id TEXT PRIMARY KEY, record TEXT NOT NULL)")

    def add(self, lot: Lot) -> None:
        """Keep a new lot; what expired is purged."""
        with self.changing() as connection:
            over = [(old.id,) for old in self._all() if old.is_over(lot.created)]
            connection.executemany("DELETE FROM lots WHERE id = ?", over)
            self.save(lot)

    def get(self, lot_id: str, now: float) -> Lot | None:
        """Return a lot unless it is unknown or expired."""
        rows = self._store.rows("SELECT record FROM lots WHERE id = ?", (lot_id,))
        lot = Lot(**json.loads(rows[0][0])) if rows else None
        return None if lot is None or lot.is_over(now) else lot

    def changing(self) -> AbstractContextManager[sqlite3.Connection]:
        """Keep other processes from writing."""
        return self._store.transaction()

    def save(self, lot: Lot) -> None:
        """Write a lot for the other processes."""
        record = json.dumps(asdict(lot))
        with self.changing() as connection:
            connection.execute("REPLACE INTO lots VALUES (?, ?)", (lot.id, record))

    def queued(self, now: float) -> list[Lot]:
        """Return the lots that wait, oldest first."""
        return [lot for lot in self._all() if lot.is_waiting(now)]

    def _all(self) -> list[Lot]:
        rows = self._store.rows("SELECT record FROM lots ORDER BY rowid")
        return [Lot(**json.loads(text)) for (text,) in rows]

    def clear(self) -> None:
        """Lose everything, as a restart does."""
        with self.changing() as connection:
            connection.execute("DELETE FROM lots")
