"""Threshold alerts, with a webhook for each change of state."""

from __future__ import annotations

import json
import logging
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from llmaas_sandbox.clock import Clock
from llmaas_sandbox.machines.fleet import Fleet
from llmaas_sandbox.monitor.history import History, Row, percentile

Measure = Literal[
    "error_rate", "latency_p95", "first_byte_p95", "requests", "tokens", "machines_down"
]
_WEBHOOK_SECONDS = 5
_PAUSE = 1.0
"""Seconds between evaluations that traffic causes."""
_log = logging.getLogger("llmaas_sandbox")


@dataclass(frozen=True, slots=True)
class Rule:
    """Alert rule that fires when a measure over the last ``window`` seconds exceeds a threshold."""

    name: str
    measure: Measure
    threshold: float
    window: float = 300.0


DEFAULT_RULES = (
    Rule("many errors", "error_rate", 0.2),
    Rule("slow answers", "latency_p95", 30.0),
    Rule("machines down", "machines_down", 0),
)

_MEASURES: Mapping[str, Callable[[Sequence[Row]], float]] = {
    "error_rate": lambda rows: sum(r.status >= 400 for r in rows) / len(rows) if rows else 0.0,
    "latency_p95": lambda rows: percentile([r.seconds for r in rows], 0.95),
    "first_byte_p95": lambda rows: percentile([r.first_byte for r in rows], 0.95),
    "requests": lambda rows: float(len(rows)),
    "tokens": lambda rows: float(sum(r.completion_tokens for r in rows)),
}
MEASURES = (*_MEASURES, "machines_down")


class Alerts:
    """Alert rules, firing alerts and sent notifications."""

    def __init__(self, history: History, fleet: Fleet, clock: Clock, webhook: str | None) -> None:
        self.rules: tuple[Rule, ...] = DEFAULT_RULES
        self.webhook = self._configured = webhook
        self.firing: dict[str, dict[str, Any]] = {}
        self.notifications: list[dict[str, Any]] = []
        self._history, self._fleet, self._clock = history, fleet, clock
        self._last = 0.0

    def traffic(self, now: float) -> None:
        """Evaluate after a request, at most once a second."""
        if now - self._last >= _PAUSE:
            self.evaluate()

    def evaluate(self) -> None:
        """Evaluate every rule."""
        self._last = now = self._clock.now()
        for rule in self.rules:
            value = self._value(rule, now)
            fires, fired = value > rule.threshold, rule.name in self.firing
            if fires and not fired:
                self.firing[rule.name] = self._notify(rule, "firing", value, now)
            elif fired and not fires:
                del self.firing[rule.name]
                self._notify(rule, "resolved", value, now)

    def _value(self, rule: Rule, now: float) -> float:
        if rule.measure == "machines_down":
            return float(self._fleet.down)
        return _MEASURES[rule.measure](self._history.since(now - rule.window))

    def _notify(self, rule: Rule, state: str, value: float, now: float) -> dict[str, object]:
        event = {**asdict(rule), "state": state, "value": value, "at": now}
        self.notifications = [*self.notifications[-99:], event]
        if self.webhook:
            threading.Thread(target=_post, args=(self.webhook, event), daemon=True).start()
        return event

    def clear(self) -> None:
        """Clear firing alerts; keep the rules."""
        self.firing.clear()
        self.notifications.clear()

    def reset(self) -> None:
        """Clear firing alerts and restore the configured rules and webhook."""
        self.rules, self.webhook = DEFAULT_RULES, self._configured
        self.clear()


def _post(url: str, event: Mapping[str, object]) -> None:
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(url, json.dumps(event).encode(), headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_WEBHOOK_SECONDS):  # noqa: S310
            pass
    except OSError as problem:
        _log.warning("the alert webhook did not answer: %s", problem)
