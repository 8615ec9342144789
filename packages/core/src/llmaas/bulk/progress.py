"""Progress of a bulk run: items, cost and time left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Progress:
    """Counters of a run. ``before`` counts the items that earlier runs finished."""

    total: int | None = None
    done: int = 0
    failed: int = 0
    before: int = 0
    micro_eur: int = 0
    concurrency: int = 0
    waiting: int = 0
    """Conversations in batches that are not finished or not accepted yet."""
    started: float = field(default_factory=time.monotonic)

    def count(self, *, ok: bool) -> None:
        """Count a finished item."""
        self.done += 1
        self.failed += not ok

    @property
    def per_second(self) -> float:
        """Items finished per second in this run."""
        return (self.done - self.before) / max(0.001, time.monotonic() - self.started)

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until the end at the current rate; None when unknown."""
        if self.total is None or self.per_second == 0:
            return None
        return (self.total - self.done) / self.per_second

    @property
    def projected_micro_eur(self) -> int | None:
        """Estimated cost of the whole run at the average cost so far; None when unknown."""
        if self.total is None or self.done == 0:
            return None
        return self.micro_eur * self.total // self.done
