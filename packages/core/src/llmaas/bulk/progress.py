"""How far a run is: items, money, time left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Progress:
    """Counts of a run. ``before`` is what earlier, killed runs had finished."""

    total: int | None = None
    done: int = 0
    failed: int = 0
    before: int = 0
    micro_eur: int = 0
    concurrency: int = 0
    waiting: int = 0
    """Conversations in lots that the service has not finished, or not taken yet."""
    began: float = field(default_factory=time.monotonic)

    def count(self, *, ok: bool) -> None:
        """Count a finished item."""
        self.done += 1
        self.failed += not ok

    @property
    def per_second(self) -> float:
        """Items finished a second, in this run."""
        return (self.done - self.before) / max(0.001, time.monotonic() - self.began)

    @property
    def seconds_left(self) -> float | None:
        """The time left at the present pace; None when it cannot be told."""
        if self.total is None or self.per_second == 0:
            return None
        return (self.total - self.done) / self.per_second

    @property
    def projected_micro_eur(self) -> int | None:
        """What the whole run will have cost if the rest costs as the part that is done."""
        if self.total is None or self.done == 0:
            return None
        return self.micro_eur * self.total // self.done
