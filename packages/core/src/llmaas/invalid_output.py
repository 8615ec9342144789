"""Errors for structured answers that do not match their schema."""

from __future__ import annotations

from llmaas._errors_base import StructuredOutputError
from llmaas.structured import is_cut
from llmaas.types import Completion

_MAX_REFUSAL = 500
"""Characters of a refusal that an error message quotes."""


def invalid_output_error(
    completion: Completion, problem: object = "it contains no JSON"
) -> Exception:
    """Build the ``StructuredOutputError`` of an answer that is invalid, truncated or refused."""
    message = f"The answer does not match the schema: {problem}"
    refusal = completion.choices[0].refusal if completion.choices else None
    if refusal:
        message = f"The model refused to answer: {refusal[:_MAX_REFUSAL]}"
    elif is_cut(completion):
        message = (
            "The answer does not match the schema because it was truncated (finish_reason "
            f"{completion.finish_reason!r}). Raise max_tokens or request a shorter answer."
        )
    return StructuredOutputError(message, text=completion.text, completion=completion)


def is_cut_short(completion: Completion) -> bool:
    """Whether a structured answer was truncated before its JSON was complete."""
    return is_cut(completion) and completion.parsed is None and not completion.tool_calls
