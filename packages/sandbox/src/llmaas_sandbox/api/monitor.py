"""Endpoints for metrics and alerts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from llmaas_sandbox.errors import bad_request
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.monitor.alerts import MEASURES, Rule
from llmaas_sandbox.reply import Reply


def metrics(exchange: Exchange) -> Reply:
    """Return metrics in the Prometheus format."""
    state = exchange.state
    state.metrics.waiting.set(len(state.batches.queued(state.clock.now())))
    return Reply(
        media=state.metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8"
    )


def alerts(exchange: Exchange) -> Reply:
    """List alert rules, firing alerts and sent notifications."""
    known = exchange.state.alerts
    known.evaluate()
    rules = [asdict(r) for r in known.rules]
    return Reply(
        {
            "rules": rules,
            "firing": list(known.firing.values()),
            "notifications": known.notifications,
        }
    )


def set_alerts(exchange: Exchange) -> Reply:
    """Replace the alert rules, and the webhook if given."""
    known, body = exchange.state.alerts, exchange.body
    rules = body.get("rules")
    if not isinstance(rules, list):
        raise bad_request("Invalid parameter 'rules': must be an array", "rules")
    checked = tuple(_rule(r) for r in rules)
    webhook = body.get("webhook", known.webhook)
    if webhook is not None and not str(webhook).startswith(("http://", "https://")):
        raise bad_request("Invalid parameter 'webhook': must be an http address", "webhook")
    known.rules, known.webhook = checked, webhook
    known.clear()
    return alerts(exchange)


def _rule(given: Any) -> Rule:
    try:
        rule = Rule(**given)
    except TypeError as problem:
        raise bad_request(f"Invalid parameter 'rules': {problem}", "rules") from None
    numbers = all(type(n) in (int, float) for n in (rule.threshold, rule.window))
    if rule.measure not in MEASURES or not numbers or not isinstance(rule.name, str):
        raise bad_request(f"Invalid parameter 'rules': measures are {', '.join(MEASURES)}", "rules")
    return rule


ENDPOINTS = (
    Endpoint("GET", "/metrics", metrics, takes="nothing", open_to="everyone", audited=False),
    Endpoint("GET", "/admin/alerts", alerts, takes="nothing", open_to="admin", audited=False),
    Endpoint("PUT", "/admin/alerts", set_alerts, open_to="admin"),
)
