"""Provenance of answers as plain JSON values for framework metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmaas.types import Attempt, Completion

_MAX_ERROR = 300


def build_metadata(completion: Completion) -> dict[str, object]:
    """Build the result of ``Completion.metadata``."""
    backend, limit = completion.backend, completion.rate_limit
    facts = {
        "request_id": completion.request_id,
        "requested_model": completion.requested_model,
        "backend": backend and backend.to_dict(),
        "rate_limit": limit and limit.to_dict(),
        "cost_eur": completion.cost,
    }
    known = {name: fact for name, fact in facts.items() if fact is not None}
    return known | _notes(completion)


def _notes(completion: Completion) -> dict[str, object]:
    """Collect the entries that only some answers have."""
    notes: dict[str, object] = {}
    if completion.cached:
        notes["cached"] = True
    if completion.adjustments:
        notes["adjustments"] = [
            {"kind": note.kind, "detail": note.detail} for note in completion.adjustments
        ]
    if completion.attempts:
        notes["attempts"] = [_attempt(attempt) for attempt in completion.attempts]
    if reason := completion.empty_reason:
        notes["empty_reason"] = reason
    return notes


def _attempt(attempt: Attempt) -> dict[str, object]:
    facts: dict[str, object] = {"model": attempt.model}
    if attempt.error is not None:
        facts["error"] = f"{type(attempt.error).__name__}: {attempt.error}"[:_MAX_ERROR]
    if attempt.empty:
        facts["empty"] = True
    return facts
