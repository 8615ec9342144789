"""Conversions of answers that frameworks share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmaas.types import Choice, Completion, ToolCall


def created_at(completion: Completion) -> datetime | None:
    """Convert the creation time of an answer to UTC; None if it is missing or invalid."""
    if completion.created is None:
        return None
    try:
        return datetime.fromtimestamp(completion.created, UTC)
    except (ValueError, OverflowError, OSError):  # not seconds, but for example milliseconds
        return None


def split_tool_calls(
    choice: Choice,
) -> tuple[list[tuple[ToolCall, dict[str, Any]]], list[tuple[ToolCall, ValueError]]]:
    """Separate valid calls with parsed arguments from invalid ones with the reason.

    A call that was cut, or whose arguments are not a JSON object, is invalid. Never run it.
    """
    valid: list[tuple[ToolCall, dict[str, Any]]] = []
    invalid: list[tuple[ToolCall, ValueError]] = []
    for call in choice.tool_calls:
        try:
            valid.append((call, call.parsed()))
        except ValueError as error:
            invalid.append((call, error))
    return valid, invalid
