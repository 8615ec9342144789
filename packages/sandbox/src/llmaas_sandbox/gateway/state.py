"""Everything that one sandbox remembers."""

from __future__ import annotations

from collections import Counter

from llmaas_sandbox.audit.trail import Trail
from llmaas_sandbox.auth.ring import Ring
from llmaas_sandbox.batch.lots import Lots, SharedLots
from llmaas_sandbox.clock import Clock
from llmaas_sandbox.config import Config
from llmaas_sandbox.faults.chance import draws
from llmaas_sandbox.faults.parse import Fault, Faults, parse
from llmaas_sandbox.forward.fixtures import Fixtures
from llmaas_sandbox.gateway.answers import Answers
from llmaas_sandbox.gateway.connections import Connections
from llmaas_sandbox.gateway.journal import Journal
from llmaas_sandbox.gateway.replays import Replays
from llmaas_sandbox.gateway.scripts import Scripts
from llmaas_sandbox.legacy.shelf import Shelf
from llmaas_sandbox.limits.counters import Counters, MemoryCounters, RedisCounters, StoredCounters
from llmaas_sandbox.limits.meter import Meter
from llmaas_sandbox.machines.fleet import Fleet
from llmaas_sandbox.monitor.alerts import Alerts
from llmaas_sandbox.monitor.history import History
from llmaas_sandbox.monitor.metrics import Metrics
from llmaas_sandbox.prompts.screening import Screening
from llmaas_sandbox.store import Store

TENANT = "default"


class State:
    """The memory of a sandbox; ``reset`` forgets what one test leaves to the next."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.host = ""
        """Where the sandbox listens; empty when another server runs the application."""
        self.clock = Clock(config.frozen_at)
        self.store = Store(config.data_dir)
        self.keys = Ring(self.store, self.clock)
        self.configured = [self.keys.ensure(k, TENANT, config.tier).id for k in config.api_keys]
        self.meter = Meter(_counters(config, self.store), self.clock)
        self.trail = Trail(self.store)
        self.fleet = Fleet(config.machine_capacity)
        self.history = History()
        self.metrics = Metrics(self.fleet)
        self.alerts = Alerts(self.history, self.fleet, self.clock, config.alert_webhook)
        self.connections = Connections()
        self.journal = Journal()
        self.scripts = Scripts()
        self.lots = SharedLots(self.store) if config.workers > 1 else Lots()
        self.shelf = Shelf()
        self.screening = Screening()
        self.replays = Replays()
        self.answers = Answers()
        secrets = (*config.api_keys, config.admin_key, config.upstream_key or "")
        self.fixtures = Fixtures(secrets, config.replay_speed)
        self.attempts: Counter[str] = Counter()
        self.always = parse(config.faults)

    def reset(self) -> None:
        """Forget journal, scripts, batches, usage, added keys and skipped time; not the audit."""
        for memory in (self.journal, self.scripts, self.attempts, self.history):
            memory.clear()
        for service in (self.lots, self.shelf, self.screening, self.replays, self.fixtures):
            service.clear()
        self.meter.clear()
        self.alerts.reset()
        self.fleet.heal()
        self.clock.reset()
        self.keys.keep_only(self.configured)
        self.always = parse(self.config.faults)

    def still_due(self, faults: tuple[Fault, ...], subject: str, test: str = "") -> Faults:
        """Drop the faults that lose their draw, or are used up for this subject."""
        if not faults:
            return Faults()
        self.attempts[f"turns {test}"] += 1
        turn = f"{self.config.seed} {test} {self.attempts[f'turns {test}']}"
        drawn = (f for i, f in enumerate(faults) if f.odds == 1 or _wins(f, turn, i))
        return Faults(tuple(f for f in drawn if self._due(f, subject)), turn)

    def _due(self, fault: Fault, subject: str) -> bool:
        if fault.times is None:
            return True
        self.attempts[f"{fault.text} {subject}"] += 1
        return self.attempts[f"{fault.text} {subject}"] <= fault.times


def _wins(fault: Fault, turn: str, place: int) -> bool:
    return draws(turn, place, fault.text).random() < fault.odds


def _counters(config: Config, store: Store) -> Counters:
    if config.redis_url:
        return RedisCounters(config.redis_url)
    return StoredCounters(store) if config.data_dir else MemoryCounters()
