"""Facts about how an answer came about, for the metadata of frameworks."""

from __future__ import annotations

from typing import Any

from llmaas.types import Attempt, Completion

_LONGEST_ERROR = 300


def answer_notes(completion: Completion) -> dict[str, Any]:
    """Return the notes that an answer has, as plain JSON values; most answers have none.

    ``cached``: a gateway replayed the answer, so that its cost is no evidence of billing.
    ``adjustments``: changes of the request. ``attempts``: all requests, if there were several.
    ``empty_because``: why there is neither text nor a tool call.
    """
    notes: dict[str, Any] = {}
    if completion.cached:
        notes["cached"] = True
    if completion.adjustments:
        notes["adjustments"] = [
            {"kind": note.kind, "detail": note.detail} for note in completion.adjustments
        ]
    if completion.attempts:
        notes["attempts"] = [_attempt(attempt) for attempt in completion.attempts]
    if why := completion.empty_because:
        notes["empty_because"] = why
    return notes


def _attempt(attempt: Attempt) -> dict[str, Any]:
    facts: dict[str, Any] = {"model": attempt.model}
    if attempt.error is not None:
        facts["error"] = f"{type(attempt.error).__name__}: {attempt.error}"[:_LONGEST_ERROR]
    if attempt.empty:
        facts["empty"] = True
    return facts
