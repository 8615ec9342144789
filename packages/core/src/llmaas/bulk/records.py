"""Results as lines of JSON: what was answered, or what went wrong."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from llmaas.bulk.items import Item
from llmaas.pricing import chat_cost_micro_eur
from llmaas.types import Completion

_HEAD = re.compile(rb'\{"index":(\d+),"ok":(true|false),"cost_micro_eur":(\d+)[,}]')
RESULT = b'{"index":'
"""How every result begins."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a line tells at its beginning, so that a million of them are read quickly."""

    index: int
    ok: bool
    cost_micro_eur: int


def parse_head(line: bytes) -> Head | None:
    """Return the head of a line, or None when it is no result."""
    found = _HEAD.match(line)
    return Head(int(found[1]), found[2] == b"true", int(found[3])) if found else None


def build_record(item: Item, result: Completion | Exception, sent: int, *, batch: bool) -> Any:
    """Return a result as a dict. ``sent`` tells how many times it was asked."""
    told: dict[str, Any] = {"index": item.index, "ok": isinstance(result, Completion)}
    told["cost_micro_eur"] = to_micro_eur(result, batch=batch)
    if item.id is not None:
        told["id"] = item.id
    told |= _answer(result) if isinstance(result, Completion) else {"error": _error(result)}
    return {**told, "sent": sent}


def to_line(record: dict[str, Any]) -> str:
    """Return a record as one line."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=str)


def to_micro_eur(result: Any, *, batch: bool) -> int:
    """Return the cost of a result, of a failed one's partial answer too."""
    usage = getattr(result, "usage", None) or getattr(
        getattr(result, "completion", None), "usage", None
    )
    return 0 if usage is None else chat_cost_micro_eur(usage, batch=batch)


def _answer(completion: Completion) -> dict[str, Any]:
    facts = {
        "text": completion.text,
        "reasoning": completion.reasoning,
        "tool_calls": [asdict(call) for call in completion.tool_calls] or None,
        "finish_reason": completion.finish_reason,
        "model": completion.model,
        "usage": completion.usage and _counts(asdict(completion.usage)),
        "request_id": completion.request_id,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _counts(usage: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in usage.items() if value not in (None, {})}


def _error(error: Exception) -> dict[str, Any]:
    names = ("status_code", "code", "request_id", "text")
    known = {name: getattr(error, name, None) for name in names}
    kind = {"type": type(error).__name__, "message": str(error)}
    return kind | {name: value for name, value in known.items() if value is not None}
