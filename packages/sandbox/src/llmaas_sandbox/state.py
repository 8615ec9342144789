"""State of one sandbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.audit.log import AuditLog
from llmaas_sandbox.auth.key_store import KeyStore
from llmaas_sandbox.batch.store import BatchStore, SharedBatchStore
from llmaas_sandbox.bounded_cache import BoundedCache
from llmaas_sandbox.chat.response_cache import ResponseCache
from llmaas_sandbox.clock import Clock
from llmaas_sandbox.config import Config
from llmaas_sandbox.connections import Connections
from llmaas_sandbox.faults.parse import Fault, Faults, parse_faults
from llmaas_sandbox.faults.randomness import seeded_random
from llmaas_sandbox.legacy.store import LegacyStore
from llmaas_sandbox.limits.counters import Counters, MemoryCounters, RedisCounters, StoredCounters
from llmaas_sandbox.limits.meter import Meter
from llmaas_sandbox.machines.fleet import Fleet
from llmaas_sandbox.measured.profile import load_profile
from llmaas_sandbox.monitor.alerts import Alerts
from llmaas_sandbox.monitor.history import History
from llmaas_sandbox.monitor.metrics import Metrics
from llmaas_sandbox.prompts.screening import Screening
from llmaas_sandbox.reply import Reply
from llmaas_sandbox.request_log import RequestLog
from llmaas_sandbox.scripted_responses import ScriptedResponses
from llmaas_sandbox.store import Store
from llmaas_sandbox.upstream.fixtures import Fixtures

TENANT = "default"
MAX_REPLAYS = 256
"""Replies that the emulated gateway cache (fault ``cache``) keeps."""


class State:
    """State of one sandbox; ``reset`` isolates tests from each other."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.host = ""
        """Where the sandbox listens; empty when another server runs the application."""
        self.clock = Clock(config.frozen_at)
        self.store = Store(config.data_dir)
        self.keys = KeyStore(self.store, self.clock)
        self.configured = [self.keys.ensure(k, TENANT, config.tier).id for k in config.api_keys]
        self.meter = Meter(_counters(config, self.store), self.clock)
        self.audit_log = AuditLog(self.store)
        self.fleet = Fleet(config.machine_capacity)
        self.history = History()
        self.metrics = Metrics(self.fleet)
        self.alerts = Alerts(self.history, self.fleet, self.clock, config.alert_webhook)
        self.connections = Connections()
        self.request_log = RequestLog()
        self.scripted_responses = ScriptedResponses()
        self.batches = SharedBatchStore(self.store) if config.workers > 1 else BatchStore()
        self.legacy_store = LegacyStore()
        self.screening = Screening()
        self.replay_cache: BoundedCache[Reply] = BoundedCache(MAX_REPLAYS)
        self.response_cache = ResponseCache()
        secrets = (*config.api_keys, config.admin_key, config.upstream_key or "")
        self.fixtures = Fixtures(secrets, config.replay_speed)
        self.attempts: Counter[str] = Counter()
        self.default_faults = parse_faults(config.faults)
        self.profile = load_profile(config.profile)

    @property
    def facts(self) -> Mapping[str, Any] | None:
        """The facts of the emulated service, or None without a profile."""
        return None if self.profile is None else self.profile.facts

    def reset(self) -> None:
        """Clear everything except the configured keys and the audit log."""
        for memory in (self.request_log, self.scripted_responses, self.attempts, self.history):
            memory.clear()
        for service in (
            self.batches,
            self.legacy_store,
            self.screening,
            self.replay_cache,
            self.fixtures,
        ):
            service.clear()
        self.meter.clear()
        self.alerts.reset()
        self.fleet.restore()
        self.clock.reset()
        self.keys.keep_only(self.configured)
        self.default_faults = parse_faults(self.config.faults)

    def select_faults(self, faults: tuple[Fault, ...], subject: str, test: str = "") -> Faults:
        """Select the faults that apply now: those that win their draw and are not used up."""
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
    return seeded_random(turn, place, fault.text).random() < fault.odds


def _counters(config: Config, store: Store) -> Counters:
    if config.redis_url:
        return RedisCounters(config.redis_url)
    return StoredCounters(store) if config.data_dir else MemoryCounters()
