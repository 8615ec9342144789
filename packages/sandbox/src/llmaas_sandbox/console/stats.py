"""Statistics of the console: of all tenants for the administrator, otherwise of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from llmaas_sandbox.monitor.history import Row, percentile
from llmaas_sandbox.state import State

SPAN = 600
"""Seconds that the graphs show."""
STEP = 10
LAST = 50


def collect_stats(state: State, tenant: str | None = None) -> dict[str, object]:
    """Collect the statistics of the page, limited to ``tenant`` if given."""
    now = state.clock.now()
    rows = state.history.since(now - SPAN, tenant)
    stats: dict[str, object] = {
        "now": now,
        "tenant": tenant,
        "totals": _totals(rows),
        "models": _group_by(rows, lambda r: r.model or "-"),
        "keys": _keys(state, rows, tenant),
        "series": _series(rows, now),
        "history": [asdict(r) for r in rows[-LAST:][::-1]],
        "tiers": _tiers(state, tenant),
    }
    if tenant is None:
        state.alerts.evaluate()
        stats["machines"] = [asdict(m) for m in state.fleet.machines.values()]
        stats["alerts"] = list(state.alerts.firing.values())
        stats["batches_waiting"] = len(state.batches.queued(state.clock.now()))
    return stats


def _totals(rows: Sequence[Row]) -> dict[str, object]:
    seconds = [r.seconds for r in rows]
    return {
        "requests": len(rows),
        "errors": sum(r.status >= 400 for r in rows),
        "prompt_tokens": sum(r.prompt_tokens for r in rows),
        "completion_tokens": sum(r.completion_tokens for r in rows),
        "reasoning_tokens": sum(r.reasoning_tokens for r in rows),
        "cost_micro_eur": sum(r.cost_micro_eur for r in rows),
        "p50": percentile(seconds, 0.5),
        "p95": percentile(seconds, 0.95),
    }


def _group_by(rows: Iterable[Row], name: Callable[[Row], str]) -> list[dict[str, Any]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[name(row)].append(row)
    summed = [{"name": n, **_totals(group)} for n, group in groups.items()]
    return sorted(summed, key=lambda g: -g["requests"])


def _keys(state: State, rows: Iterable[Row], tenant: str | None) -> list[dict[str, Any]]:
    known = {k.id: k for k in state.keys.list_keys(tenant)}
    grouped = _group_by(rows, lambda r: r.key_id or "-")
    for group in grouped:
        key = known.get(group["name"])
        group["label"] = f"{key.tenant}: {key.label or 'key'} …{key.ending}" if key else "no key"
    return grouped


def _series(rows: Sequence[Row], now: float) -> list[dict[str, float]]:
    start = (int(now) - SPAN) // STEP * STEP
    slots: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        slots[int(row.at - start) // STEP].append(row)
    return [_point(start + i * STEP, slots.get(i, [])) for i in range(SPAN // STEP + 1)]


def _point(at: float, rows: Sequence[Row]) -> dict[str, float]:
    seconds = [r.seconds for r in rows]
    return {
        "at": at,
        "requests": len(rows) / STEP,
        "errors": sum(r.status >= 400 for r in rows) / STEP,
        "tokens": sum(r.completion_tokens for r in rows) / STEP,
        "p50": percentile(seconds, 0.5),
        "p95": percentile(seconds, 0.95),
        "first_byte": percentile([r.first_byte for r in rows], 0.5),
    }


def _tiers(state: State, tenant: str | None) -> list[dict[str, object]]:
    stats: dict[tuple[str, str], dict[str, object]] = {}
    for key in state.keys.list_keys(tenant):
        for limit in state.meter.read_limits(key):
            own = limit.subject == key.id
            subject = f"{key.tenant}: {key.label or 'key'} …{key.ending}" if own else key.tenant
            row = {**asdict(limit), "subject": subject, "tier": "-" if own else key.tier}
            stats[limit.subject, limit.name] = row
    return list(stats.values())
