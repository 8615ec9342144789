"""Audit log: caller, model, time and cost of each call as a line of JSON, without content."""

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
    """Hook that writes a record of each call to a JSONL file or a logger.

    ``tags`` (a dict, or a callable that returns one: the end user, the project) are added to each
    record; values that are not JSON are written as text. Of the key, only a fingerprint is
    written. Lines are appended whole: several processes may share a file, and it may be renamed at
    any time (log rotation).
    """

    def __init__(
        self,
        target: str | Path | logging.Logger,
        *,
        tags: dict[str, Any] | Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self._target = target if isinstance(target, logging.Logger) else Path(target)
        self._tags = tags

    def before_call(self, call: CallInfo) -> Operation[object]:
        """Keep the time, the call and its tags."""
        return (datetime.now(UTC), call, self._current_tags())
        yield  # an operation without effects

    def after_call(self, ticket: Any, result: CallResult) -> Operation[None]:
        """Write the record."""
        when, call, tags = ticket
        record = dict(_record(when, call, result), **({"tags": tags} if tags else {}))
        yield Run(lambda: self._write(record))

    def _write(self, record: dict[str, Any]) -> None:
        if isinstance(self._target, logging.Logger):
            self._target.info("%s", _jsonl.to_line(record, _jsonl.SPACED))
        else:
            _jsonl.append(self._target, record, _jsonl.SPACED)

    def _current_tags(self) -> dict[Any, object]:
        """Read the tags of a call. Errors are logged, so that the record is always written."""
        try:
            return dict((self._tags() if callable(self._tags) else self._tags) or {})
        except Exception as error:
            _logger.warning("AuditLog: tags failed", exc_info=True)
            return {"tags_error": type(error).__name__}


def _record(when: datetime, call: CallInfo, result: CallResult) -> Iterator[tuple[str, Any]]:
    yield "time", when.isoformat()
    yield "operation", call.operation
    yield "model", call.model
    yield "key", call.settings.key.fingerprint
    yield "outcome", "ok" if result.error is None else type(result.error).__name__
    yield "duration", round(result.duration, 6)
    if result.usage is not None:
        yield "prompt_tokens", result.usage.prompt_tokens
        yield "completion_tokens", result.usage.completion_tokens
        yield "reasoning_tokens", result.usage.reasoning_tokens
    yield "cost_micro_eur", result.cost_micro_eur
    yield "request_id", _request_id(result)
    if result.resends:
        yield "resends", result.resends
    if isinstance(result.result, Completion):
        yield "answered_by", result.result.model
        backend = result.result.backend
        yield "machine", None if backend is None else backend.machine_name


def _request_id(result: CallResult) -> str | None:
    found: str | None = getattr(result.result, "request_id", None)
    return found or getattr(result.error, "request_id", None)
