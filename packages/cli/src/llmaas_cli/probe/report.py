"""Report of a run: results by probe, as plain JSON values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from llmaas_cli.probe.model import Probe, Result, Verdict
from llmaas_cli.probe.table.all import BY_ID

SANDBOX_NOTE = (
    "These answers are the sandbox's. They prove nothing about the service: set LLMAAS_API_KEY "
    "and run it again."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Results of one probe that agree, with their models."""

    probe: Probe
    verdict: Verdict | None
    follows: str
    models: Sequence[str]
    evidence: Mapping[str, Any]


@dataclass(slots=True)
class Report:
    """Results of a run at an address."""

    address: str
    is_sandbox: bool
    budget: float
    results: list[Result] = field(default_factory=list)
    measured: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def findings(self) -> list[Finding]:
        """Results of each probe, grouped by what follows."""
        groups: dict[tuple[str, Verdict | None, str], list[Result]] = {}
        for each in self.results:
            groups.setdefault((each.probe, each.verdict, each.follows), []).append(each)
        return [
            Finding(BY_ID[name], verdict, follows, [r.model for r in same], same[0].evidence)
            for (name, verdict, follows), same in groups.items()
        ]

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of results by verdict; those not run under ``not run``."""
        return Counter(str(each.verdict or "not run") for each in self.results)

    @property
    def cost_micro_eur(self) -> int:
        """Cost of all results, in millionths of a euro."""
        return sum(each.cost_micro_eur for each in self.results)

    def to_dict(self) -> dict[str, Any]:
        """Convert the report to plain JSON values."""
        return {
            "address": self.address,
            "is_sandbox": self.is_sandbox,
            "note": SANDBOX_NOTE if self.is_sandbox else None,
            "measured": self.measured.isoformat(timespec="seconds"),
            "budget_eur": self.budget,
            "cost_eur": self.cost_micro_eur / 1_000_000,
            "counts": dict(self.counts),
            "results": [_to_dict(each) for each in self.results],
        }


def _to_dict(result: Result) -> dict[str, object]:
    probe = BY_ID[result.probe]
    return {
        "probe": result.probe,
        "section": probe.section,
        "model": result.model or None,
        "assumption": probe.assumes,
        "source": probe.source,
        "verdict": None if result.verdict is None else str(result.verdict),
        "follows": result.follows,
        "evidence": dict(result.evidence),
        "learned": dict(result.learned),
        "cost_eur": result.cost_micro_eur / 1_000_000,
        "seconds": result.seconds,
    }
