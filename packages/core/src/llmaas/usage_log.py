"""Usage log and reports by model, day or tag.

One line of JSON per call: counts and amounts, never content. Several processes may append.
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
"""Groupings of a report."""


@contextmanager
def tagged(tag: str) -> Iterator[None]:
    """Tag the calls of a ``with`` block: a project, a customer, a feature.

    Also applies to tasks and threads that the block starts.
    """
    follow(_TAG)
    token = _TAG.set(tag)
    try:
        yield
    finally:
        _TAG.reset(token)


class UsageLog:
    """Hook for ``LLMaaS(hooks=...)`` that appends each call to a JSONL file."""

    def __init__(self, path: str | Path, *, tag: str = "") -> None:
        self.path, self._tag = str(path), tag

    def before_call(self, call: CallInfo) -> Operation[tuple[CallInfo, str]]:
        """Keep the call and its tag."""
        return call, _TAG.get() or self._tag
        yield

    def after_call(self, ticket: tuple[CallInfo, str], result: CallResult) -> Operation[None]:
        """Append the usage of the call."""
        record = _build_record(*ticket, result)
        yield Run(lambda: _jsonl.append(self.path, record))


@dataclass(frozen=True, slots=True)
class Row:
    """Totals of one group. ``energy_kwh`` is an estimate; None if no data is published.

    ``unknown`` counts the answered calls without reported usage, which the totals lack.
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
    """Rows of a report. ``skipped`` holds the numbers of lines that are not records."""

    def __init__(self, rows: Iterable[Row], skipped: Sequence[int]) -> None:
        super().__init__(rows)
        self.skipped = tuple(skipped)


def report(path: str | Path, by: str = "model") -> Rows:
    """Aggregate a log by ``model``, ``day``, ``tag`` or ``operation``, most expensive first.

    Days are in order. A line that is not a record (incomplete or foreign) is skipped, listed in
    ``skipped``, and logged as a warning.
    """
    if by not in GROUPS:
        raise ValueError(f"by must be one of {', '.join(GROUPS)}, got {by!r}")
    groups: dict[str, dict[str, Any]] = {}
    skipped: list[int] = []
    for number, line in _read_lines(Path(path)):
        try:
            _add(groups, by, json.loads(line))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            skipped.append(number)
    if skipped:
        _logger.warning(
            "%s: %d lines are not records of calls, %s", path, len(skipped), skipped[:9]
        )
    rows = [Row(name, **totals) for name, totals in groups.items()]
    rows.sort(key=lambda r: (r.group,) if by == "day" else (-r.cost_micro_eur, r.group))
    return Rows(rows, skipped)


_REPORTED = ("prompt_tokens", "completion_tokens", "cost_micro_eur", "reasoning_tokens")
_TOTALS = ("calls", "failed", "unknown", *_REPORTED)


def _add(groups: dict[str, dict[str, Any]], by: str, record: Mapping[str, object]) -> None:
    """Add a record. Raises before any field is added if one is invalid."""
    name = str(record["at"])[:10] if by == "day" else str(record.get(by) or "-")
    failed, counts = not record["ok"], {field: _parse_number(record, field) for field in _REPORTED}
    energy = _parse_number(record, "energy_kwh") if record.get("energy_kwh") is not None else None
    totals = groups.setdefault(name, dict.fromkeys(_TOTALS, 0) | {"energy_kwh": None})
    totals["calls"] += 1
    totals["failed"] += failed
    totals["unknown"] += not failed and record.get("cost_micro_eur", 0) is None
    for field, count in counts.items():
        totals[field] += count
    if energy is not None:
        totals["energy_kwh"] = (totals["energy_kwh"] or 0) + energy


def _parse_number(record: Mapping[str, Any], name: str) -> float:
    value = record.get(name) or 0
    if not isinstance(value, int | float) or not abs(value) <= _MAX_VALUE:  # excludes NaN
        raise ValueError(f"{name} is {value!r}")
    return value


_MAX_VALUE = 1e18
"""Upper bound of any number of tokens or millionths of a euro."""


def _read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            # The last line may still be written; an edited file may have empty lines.
            if line.endswith(b"\n") and line.strip():
                yield number, line.removeprefix(b"\xef\xbb\xbf")


def _build_record(call: CallInfo, tag: str, result: CallResult) -> dict[str, object]:
    usage, model = result.usage, getattr(result.result, "model", None) or call.model
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "operation": call.operation,
        "model": model,
        "tag": tag,
        "ok": result.error is None,
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": result.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens if usage else None,
        "cost_micro_eur": result.cost_micro_eur,
        "energy_kwh": _estimate_energy(call, model, result),
        "seconds": round(result.duration, 4),
    }


def _estimate_energy(call: CallInfo, model: str, result: CallResult) -> float | None:
    if result.usage is None:
        return None
    if call.operation == "embeddings":
        return energy_kwh(model, result.usage.prompt_tokens)
    return chat_energy_kwh(result.usage, model)
