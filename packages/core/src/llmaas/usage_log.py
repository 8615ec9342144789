"""Remember what every call used, and report it by model, day or tag.

One JSON line a call: counts and amounts, never content. Several processes may append.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from llmaas import _jsonl
from llmaas._scopes import follow
from llmaas.energy import chat_energy_kwh, energy_kwh
from llmaas.hooks import CallInfo, CallResult
from llmaas.ops.effects import Operation, Run

_logger = logging.getLogger("llmaas")
_TAG: ContextVar[str] = ContextVar("llmaas_usage_tag", default="")
GROUPS = ("model", "day", "tag", "operation")
"""What a report can be by."""


@contextmanager
def tagged(tag: str) -> Iterator[None]:
    """Name what the calls of a ``with`` block are for: a project, a customer, a feature.

    It holds in tasks and threads that the block starts, too.
    """
    follow(_TAG)
    token = _TAG.set(tag)
    try:
        yield
    finally:
        _TAG.reset(token)


class UsageLog:
    """A hook for ``LLMaaS(hooks=...)`` that appends each call to a JSONL file."""

    def __init__(self, path: str | Path, *, tag: str = "") -> None:
        self.path, self._tag = str(path), tag

    def before_call(self, about: CallInfo) -> Operation[tuple[CallInfo, str]]:
        """Let the call through; remember what it is for."""
        return about, _TAG.get() or self._tag
        yield

    def after_call(self, ticket: tuple[CallInfo, str], outcome: CallResult) -> Operation[None]:
        """Write down what the call used."""
        record = _record(*ticket, outcome)
        yield Run(lambda: _jsonl.append(self.path, record))


@dataclass(frozen=True, slots=True)
class Row:
    """The sums of one group. ``energy_kwh`` is an estimate; None where nothing is published.

    ``reasoning_tokens`` are those that answers spent on reasoning. ``unknown`` are the answered
    calls whose cost nobody told: the amounts do not hold them.
    """

    group: str
    calls: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    cost_micro_eur: int
    energy_kwh: float | None
    reasoning_tokens: int = 0
    unknown: int = 0


class Rows(list[Row]):
    """The rows of a report. ``skipped`` are the numbers of the lines that are not records."""

    def __init__(self, rows: Iterable[Row], skipped: Sequence[int]) -> None:
        super().__init__(rows)
        self.skipped = tuple(skipped)


def report(path: str | Path, by: str = "model") -> Rows:
    """Sum a log up by ``model``, ``day``, ``tag`` or ``operation``, the dearest first by model.

    A line that is not a record (torn by a full disk, or foreign) is skipped, and reported in
    ``skipped`` and by a warning in the log.
    """
    if by not in GROUPS:
        raise ValueError(f"a report is by {', '.join(GROUPS)}, not by {by!r}")
    groups: dict[str, dict[str, Any]] = {}
    skipped: list[int] = []
    for number, line in _lines(Path(path)):
        try:
            _add(groups, by, json.loads(line))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            skipped.append(number)
    if skipped:
        _logger.warning(
            "%s: %d lines are not records of calls, %s", path, len(skipped), skipped[:9]
        )
    rows = [Row(name, **sums) for name, sums in groups.items()]
    rows.sort(key=lambda r: (r.group,) if by == "day" else (-r.cost_micro_eur, r.group))
    return Rows(rows, skipped)


_TOLD = ("prompt_tokens", "completion_tokens", "cost_micro_eur", "reasoning_tokens")
_SUMS = ("calls", "failed", "unknown", *_TOLD)


def _add(groups: dict[str, dict[str, Any]], by: str, record: Mapping[str, Any]) -> None:
    """Count a record, or raise before anything of it is counted."""
    name = str(record["at"])[:10] if by == "day" else str(record.get(by) or "-")
    failed, counts = not record["ok"], {field: _number(record, field) for field in _TOLD}
    energy = _number(record, "energy_kwh") if record.get("energy_kwh") is not None else None
    sums = groups.setdefault(name, dict.fromkeys(_SUMS, 0) | {"energy_kwh": None})
    sums["calls"] += 1
    sums["failed"] += failed
    sums["unknown"] += not failed and record.get("cost_micro_eur", 0) is None
    for field, count in counts.items():
        sums[field] += count
    if energy is not None:
        sums["energy_kwh"] = (sums["energy_kwh"] or 0) + energy


def _number(record: Mapping[str, Any], name: str) -> float:
    value = record.get(name) or 0
    if not isinstance(value, int | float) or not abs(value) <= _MOST:  # NaN is none, either
        raise ValueError(f"{name} is {value!r}")
    return value


_MOST = 1e18
"""More than any sum of tokens or millionths of a euro can be."""


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            # The last one may be being written; a file that was edited may hold empty lines.
            if line.endswith(b"\n") and line.strip():
                yield number, line.removeprefix(b"\xef\xbb\xbf")


def _record(about: CallInfo, tag: str, outcome: CallResult) -> dict[str, Any]:
    usage, model = outcome.usage, getattr(outcome.result, "model", None) or about.model
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "operation": about.operation,
        "model": model,
        "tag": tag,
        "ok": outcome.error is None,
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": outcome.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens if usage else None,
        "cost_micro_eur": outcome.cost_micro_eur,
        "energy_kwh": _energy(about, model, outcome),
        "seconds": round(outcome.duration, 4),
    }


def _energy(about: CallInfo, model: str, outcome: CallResult) -> float | None:
    if outcome.usage is None:
        return None
    if about.operation == "embeddings":
        return energy_kwh(model, outcome.usage.prompt_tokens)
    return chat_energy_kwh(outcome.usage, model)
