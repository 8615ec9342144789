"""Who asked which model, when, at what cost: one JSON line a call, without content."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from llmaas import _jsonl
from llmaas.hooks import CallInfo, CallResult
from llmaas.ops.effects import Operation, Run
from llmaas.types import Completion

_logger = logging.getLogger("llmaas")


class AuditLog:
    """A hook that writes a record of each call to a JSONL file or a logger.

    ``tags`` (a dict, or a callable that returns one: the end user, the project) are kept with
    each record; what JSON cannot hold is written as text. The key is told by its fingerprint
    only. Lines are appended whole, so that several processes may share a file, and the file may
    be renamed at any time (log rotation).
    """

    def __init__(
        self,
        target: str | Path | logging.Logger,
        *,
        tags: dict[str, Any] | Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self._target = target if isinstance(target, logging.Logger) else Path(target)
        self._tags = tags

    def before_call(self, about: CallInfo) -> Operation[Any]:
        """Remember when and what was asked."""
        return (datetime.now(UTC), about, self._current_tags())
        yield  # an operation without effects

    def after_call(self, ticket: Any, outcome: CallResult) -> Operation[None]:
        """Write the record."""
        when, about, tags = ticket
        record = dict(_record(when, about, outcome), **({"tags": tags} if tags else {}))
        yield Run(lambda: self._write(record))

    def _write(self, record: dict[str, Any]) -> None:
        if isinstance(self._target, logging.Logger):
            self._target.info("%s", _jsonl.to_line(record, _jsonl.SPACED))
        else:
            _jsonl.append(self._target, record, _jsonl.SPACED)

    def _current_tags(self) -> dict[Any, Any]:
        """Return the tags of a call; a call never goes without its record for them."""
        try:
            return dict((self._tags() if callable(self._tags) else self._tags) or {})
        except Exception as error:
            _logger.warning("AuditLog: the tags of a call are lost", exc_info=True)
            return {"tags_error": type(error).__name__}


def _record(when: datetime, about: CallInfo, outcome: CallResult) -> Iterator[tuple[str, Any]]:
    yield "time", when.isoformat()
    yield "operation", about.operation
    yield "model", about.model
    yield "key", about.settings.key.fingerprint
    yield "outcome", "ok" if outcome.error is None else type(outcome.error).__name__
    yield "duration", round(outcome.duration, 6)
    if outcome.usage is not None:
        yield "prompt_tokens", outcome.usage.prompt_tokens
        yield "completion_tokens", outcome.usage.completion_tokens
        yield "reasoning_tokens", outcome.usage.reasoning_tokens
    yield "cost_micro_eur", outcome.cost_micro_eur
    yield "request_id", _request_id(outcome)
    if outcome.resends:
        yield "resends", outcome.resends
    if isinstance(outcome.result, Completion):
        yield "answered_by", outcome.result.model
        backend = outcome.result.backend
        yield "machine", None if backend is None else backend.machine_name


def _request_id(outcome: CallResult) -> str | None:
    found: str | None = getattr(outcome.result, "request_id", None)
    return found or getattr(outcome.error, "request_id", None)
