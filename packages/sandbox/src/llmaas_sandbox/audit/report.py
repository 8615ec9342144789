"""Compliance report: usage per tenant, key and model, and the integrity of the audit log."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from llmaas_sandbox.audit.log import AuditLog, TamperedError


def build_report(trail: AuditLog, tenant: str | None = None) -> dict[str, Any]:
    """Summarize the audit log, for one tenant or for all."""
    groups: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    outcomes: dict[str, int] = defaultdict(int)
    first = last = None
    problem = ""
    try:
        for record in trail.records():
            if tenant is not None and record.get("tenant") != tenant:
                continue
            first, last = first or record["at"], record["at"]
            outcomes[str(record["status"])] += 1
            _count(groups[_group(record)], record)
    except (TamperedError, sqlite3.Error, ValueError, TypeError) as found:
        problem = str(found) or type(found).__name__
    names = ("tenant", "key_id", "model")
    return {
        "trail": {"intact": not problem, "problem": problem},
        "period": {"first": first, "last": last},
        "outcomes": dict(sorted(outcomes.items())),
        "use": [{**dict(zip(names, g, strict=True)), **c} for g, c in sorted(groups.items())],
    }


def _group(record: Mapping[str, object]) -> tuple[str, str, str]:
    return tuple(str(record.get(n) or "-") for n in ("tenant", "key_id", "model"))  # type: ignore[return-value]


def _count(sums: dict[str, int], record: Mapping[str, Any]) -> None:
    sums["requests"] += 1
    sums["refused"] += int(record["status"] >= 400)
    for name in ("prompt_tokens", "completion_tokens", "cost_micro_eur"):
        sums[name] += int(record.get(name) or 0)


def to_text(report: Mapping[str, Any]) -> str:
    """Format a report as plain text."""
    trail, period = report["trail"], report["period"]
    state = "intact" if trail["intact"] else f"BROKEN: {trail['problem']}"
    lines = [
        f"Audit log: {state}",
        f"Period: {period['first'] or '-'} to {period['last'] or '-'}",
        "Outcomes: " + (", ".join(f"{s}: {n}" for s, n in report["outcomes"].items()) or "none"),
        "",
        f"{'tenant':<16}{'key':<20}{'model':<28}{'requests':>9}{'refused':>9}{'in':>10}{'out':>10}{'EUR':>12}",
    ]
    lines += [
        f"{u['tenant']:<16}{u['key_id']:<20}{u['model']:<28}{u['requests']:>9}{u['refused']:>9}"
        f"{u['prompt_tokens']:>10}{u['completion_tokens']:>10}{u['cost_micro_eur'] / 1e6:>12.6f}"
        for u in report["use"]
    ]
    return "\n".join(lines) + "\n"
