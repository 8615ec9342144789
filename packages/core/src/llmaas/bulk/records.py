"""Result lines of a bulk run: an answer or an error as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from llmaas.bulk.items import Item
from llmaas.pricing import chat_cost_micro_eur
from llmaas.types import Completion

Record: TypeAlias = dict[str, Any]

_HEAD = re.compile(rb'\{"index":(\d+),"ok":(true|false),"cost_micro_eur":(\d+)[,}]')
RECORD_START = b'{"index":'
"""First bytes of every result line."""


@dataclass(frozen=True, slots=True)
class Head:
    """First fields of a result line, read without parsing the rest."""

    index: int
    ok: bool
    cost_micro_eur: int


def parse_head(line: bytes) -> Head | None:
    """Parse the first fields of a line; None if the line is not a result."""
    found = _HEAD.match(line)
    return Head(int(found[1]), found[2] == b"true", int(found[3])) if found else None


def build_record(item: Item, result: Completion | Exception, sent: int, *, batch: bool) -> Record:
    """Build the record of a result; ``sent`` is the number of requests."""
    record: Record = {"index": item.index, "ok": isinstance(result, Completion)}
    record["cost_micro_eur"] = to_micro_eur(result, batch=batch)
    if item.id is not None:
        record["id"] = item.id
    if isinstance(result, Completion):
        return {**record, **_answer_fields(result), "sent": sent}
    return {**record, "error": _error_fields(result), "sent": sent}


def to_line(record: Mapping[str, object]) -> str:
    """Serialize a record as one line."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=str)


def to_micro_eur(result: Completion | Exception, *, batch: bool) -> int:
    """Compute the cost of an answer, or of the partial answer of an error."""
    usage = getattr(result, "usage", None) or getattr(
        getattr(result, "completion", None), "usage", None
    )
    return 0 if usage is None else chat_cost_micro_eur(usage, batch=batch)


def _answer_fields(completion: Completion) -> Record:
    fields = {
        "text": completion.text,
        "reasoning": completion.reasoning,
        "tool_calls": [asdict(call) for call in completion.tool_calls] or None,
        "finish_reason": completion.finish_reason,
        "model": completion.model,
        "usage": completion.usage and _without_empty(asdict(completion.usage)),
        "request_id": completion.request_id,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _without_empty(usage: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in usage.items() if value not in (None, {})}


def _error_fields(error: Exception) -> Record:
    names = ("status_code", "code", "request_id", "text")
    known = {name: getattr(error, name, None) for name in names}
    kind = {"type": type(error).__name__, "message": str(error)}
    return kind | {name: value for name, value in known.items() if value is not None}
