"""Everything that one sandbox remembers."""

from __future__ import annotations

from collections import Counter

from llmaas_sandbox.batch.lots import Lots
from llmaas_sandbox.clock import Clock
from llmaas_sandbox.config import Config
from llmaas_sandbox.faults.parse import Fault, Faults, parse
from llmaas_sandbox.gateway.connections import Connections
from llmaas_sandbox.gateway.journal import Journal
from llmaas_sandbox.gateway.scripts import Scripts


class State:
    """The memory of a sandbox; ``reset`` forgets what one test leaves to the next."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clock = Clock(config.stopped_at)
        self.connections = Connections()
        self.journal = Journal()
        self.scripts = Scripts()
        self.attempts: Counter[str] = Counter()
        self.lots = Lots()
        self.always = parse(config.faults)

    def reset(self) -> None:
        """Forget journal, scripts, attempts and skipped time."""
        self.journal.clear()
        self.scripts.clear()
        self.attempts.clear()
        self.lots.clear()
        self.clock.reset()

    def still_due(self, faults: tuple[Fault, ...], subject: str) -> Faults:
        """Drop the faults whose number of times is used up for this subject."""
        return Faults(tuple(f for f in faults if self._due(f, subject)))

    def _due(self, fault: Fault, subject: str) -> bool:
        if fault.times is None:
            return True
        self.attempts[f"{fault.text} {subject}"] += 1
        return self.attempts[f"{fault.text} {subject}"] <= fault.times
