"""Errors of structured answers that do not match their schema."""

from __future__ import annotations

from llmaas._errors_base import StructuredOutputError
from llmaas.structured import is_cut
from llmaas.types import Completion

_MOST = 500
"""Characters of a refusal that an error repeats."""


def invalid_output_error(completion: Completion, problem: object = "it holds no JSON") -> Exception:
    """Build the ``StructuredOutputError`` of an answer; one that was cut names the cure."""
    message = f"The answer does not fit the schema: {problem}"
    refusal = completion.choices[0].refusal if completion.choices else None
    if refusal:
        message = f"The model refused to answer: {refusal[:_MOST]}"
    elif is_cut(completion):
        message = (
            "The answer does not fit the schema because it was cut (finish_reason "
            f"{completion.finish_reason!r}). Raise max_tokens, or ask for a shorter answer."
        )
    return StructuredOutputError(message, text=completion.text, completion=completion)


def is_cut_short(completion: Completion) -> bool:
    """Whether a structured answer ended before its JSON did: its text is never a value."""
    return is_cut(completion) and completion.parsed is None and not completion.tool_calls
