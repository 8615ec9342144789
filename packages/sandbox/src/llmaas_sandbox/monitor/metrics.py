"""Prometheus metrics, labeled by path, status and known model."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from llmaas_sandbox.machines.fleet import Fleet, Machine
from llmaas_sandbox.monitor.history import Row

_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300)
_BOUNDS = (*(str(float(bound)) for bound in _BUCKETS), "+Inf")


@dataclass(slots=True)
class _Tally:
    """Totals of the requests with one path, model and status."""

    requests: int = 0
    prompt: int = 0
    completion: int = 0
    reasoning: int = 0
    micro_eur: int = 0


@dataclass(slots=True)
class _Times:
    """Latency histogram of one path."""

    seconds: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * len(_BOUNDS))

    def add(self, seconds: float) -> None:
        """Count a request."""
        self.seconds += seconds
        self.counts[bisect_left(_BUCKETS, seconds)] += 1


class Metrics(Collector):
    """Metrics of one sandbox, in a separate registry.

    Requests are counted in plain numbers, which become the library's objects when somebody
    asks: its own counters take a lock for each number, and cost more than an answer.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.registry = registry = CollectorRegistry()
        self._tallies: dict[tuple[str, str | None, int], _Tally] = {}
        self._latency: dict[str, _Times] = {}
        self._first_byte: dict[str, _Times] = {}
        registry.register(self)
        self.waiting = Gauge("llmaas_batches_waiting", "Batches in the queue.", registry=registry)
        self._watch(fleet)

    def _watch(self, fleet: Fleet) -> None:
        busy = Gauge("llmaas_in_flight", "Requests now.", ("machine",), registry=self.registry)
        up = Gauge("llmaas_machine_up", "Takes work.", ("machine",), registry=self.registry)
        for machine in fleet.machines.values():
            busy.labels(machine.name).set_function(partial(_busy, machine))
            up.labels(machine.name).set_function(partial(_up, machine))

    def observe(self, row: Row) -> None:
        """Count a finished request."""
        key = (row.path, row.model, row.status)
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = _Tally()
            self._latency.setdefault(row.path, _Times())
            self._first_byte.setdefault(row.path, _Times())
        tally.requests += 1
        tally.prompt += row.prompt_tokens
        tally.completion += row.completion_tokens
        tally.reasoning += row.reasoning_tokens
        tally.micro_eur += row.cost_micro_eur
        self._latency[row.path].add(row.seconds)
        self._first_byte[row.path].add(row.first_byte)

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        """Yield the metric families."""
        yield self._requests()
        yield self._errors()
        yield self._tokens()
        yield self._cost()
        yield _histogram("llmaas_request_seconds", "Until the end.", self._latency)
        yield _histogram("llmaas_first_byte_seconds", "Until the first byte.", self._first_byte)

    def _requests(self) -> CounterMetricFamily:
        labels = ("path", "model", "status")
        family = CounterMetricFamily("llmaas_requests", "Requests.", labels=labels)
        for (path, model, status), tally in self._tallies.items():
            family.add_metric((path, model or "none", str(status)), tally.requests)
        return family

    def _errors(self) -> CounterMetricFamily:
        counts: dict[tuple[str, str], int] = {}
        for (path, _, status), tally in self._tallies.items():
            if status >= 400:
                key = (path, str(status))
                counts[key] = counts.get(key, 0) + tally.requests
        family = CounterMetricFamily("llmaas_errors", "Refusals.", labels=("path", "status"))
        for labels, count in counts.items():
            family.add_metric(labels, count)
        return family

    def _sum_by_model(self) -> dict[str, _Tally]:
        sums: dict[str, _Tally] = {}
        for (_, model, _), tally in self._tallies.items():
            whole = sums.setdefault(model or "none", _Tally())
            whole.prompt += tally.prompt
            whole.completion += tally.completion
            whole.reasoning += tally.reasoning
            whole.micro_eur += tally.micro_eur
        return sums

    def _tokens(self) -> CounterMetricFamily:
        family = CounterMetricFamily("llmaas_tokens", "Tokens.", labels=("kind", "model"))
        for model, tally in self._sum_by_model().items():
            for kind in ("prompt", "completion", "reasoning"):
                if count := getattr(tally, kind):
                    family.add_metric((kind, model), count)
        return family

    def _cost(self) -> CounterMetricFamily:
        family = CounterMetricFamily("llmaas_cost_eur", "Cost in EUR.", labels=("model",))
        for model, tally in self._sum_by_model().items():
            if tally.micro_eur:
                family.add_metric((model,), tally.micro_eur / 1e6)
        return family

    def text(self) -> bytes:
        """Return the exposition that Prometheus scrapes."""
        return generate_latest(self.registry)


def _histogram(name: str, text: str, paths: dict[str, _Times]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=("path",))
    for path, times in paths.items():
        buckets = list(zip(_BOUNDS, map(float, accumulate(times.counts)), strict=True))
        family.add_metric((path,), buckets, times.seconds)
    return family


def _busy(machine: Machine) -> float:
    return machine.in_flight


def _up(machine: Machine) -> float:
    return float(machine.takes_work)
