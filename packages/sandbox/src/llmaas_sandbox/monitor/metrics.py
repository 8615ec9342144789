"""Prometheus metrics; labels are paths, statuses and known models, never free text."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from llmaas_sandbox.machines.fleet import Fleet, Machine
from llmaas_sandbox.monitor.history import Row

_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300)


class Metrics:
    """The metrics of one sandbox, in a registry of their own."""

    def __init__(self, fleet: Fleet) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "llmaas_requests", "Requests.", ("path", "model", "status"), registry=registry
        )
        self.errors = Counter("llmaas_errors", "Refusals.", ("path", "status"), registry=registry)
        self.tokens = Counter("llmaas_tokens", "Tokens.", ("kind", "model"), registry=registry)
        self.cost = Counter("llmaas_cost_eur", "Cost in EUR.", ("model",), registry=registry)
        self.latency = self._histogram("llmaas_request_seconds", "Until the end.")
        self.first_byte = self._histogram("llmaas_first_byte_seconds", "Until the first byte.")
        self.waiting = Gauge("llmaas_batches_waiting", "Batches in the queue.", registry=registry)
        self._find = lru_cache(maxsize=4096)(_labelled)  # costs more than counting
        self._watch(fleet)

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(name, text, ("path",), registry=self.registry, buckets=_BUCKETS)

    def _watch(self, fleet: Fleet) -> None:
        busy = Gauge("llmaas_in_flight", "Requests now.", ("machine",), registry=self.registry)
        up = Gauge("llmaas_machine_up", "Takes work.", ("machine",), registry=self.registry)
        for machine in fleet.machines.values():
            busy.labels(machine.name).set_function(partial(_busy, machine))
            up.labels(machine.name).set_function(partial(_up, machine))

    def observe(self, row: Row) -> None:
        """Count a finished request."""
        model, find = row.model or "none", self._find
        find(self.requests, row.path, model, str(row.status)).inc()
        find(self.latency, row.path).observe(row.seconds)
        find(self.first_byte, row.path).observe(row.first_byte)
        if row.status >= 400:
            find(self.errors, row.path, str(row.status)).inc()
        if row.prompt_tokens:
            find(self.tokens, "prompt", model).inc(row.prompt_tokens)
        if row.completion_tokens:
            find(self.tokens, "completion", model).inc(row.completion_tokens)
        if row.reasoning_tokens:
            find(self.tokens, "reasoning", model).inc(row.reasoning_tokens)
        if row.cost_micro_eur:
            find(self.cost, model).inc(row.cost_micro_eur / 1e6)

    def text(self) -> bytes:
        """Return the exposition that Prometheus scrapes."""
        return generate_latest(self.registry)


def _busy(machine: Machine) -> float:
    return machine.in_flight


def _up(machine: Machine) -> float:
    return float(machine.takes_work)


def _labelled(metric: Any, *labels: str) -> Any:
    return metric.labels(*labels)
