"""Counts and descriptions of the changes to a conversation."""

from __future__ import annotations

from llmaas.types import Adjustment

DETAILS: dict[str, str] = {
    "role": "{n} roles were replaced by the ones that chat templates know.",
    "content": "{n} missing or null contents became empty text.",
    "fields": "{n} fields that engines refuse in a message were removed.",
    "text_parts": "{n} lists of text parts became one text.",
    "empty_message": "{n} assistant messages without text and calls were left out.",
    "system_joined": "{n} system messages at the head became one.",
    "system_position": "{n} system messages, some of them late, became one at the head.",
    "system_as_user": "The system text was put into a user message.",
    "arguments": "The arguments of {n} calls became JSON objects.",
    "call": "{n} calls were completed with a type or a name.",
    "reserved": "{n} assistant messages lost tags that the chat template reserves for itself.",
    "call_id": "{n} call ids were replaced by unique ones of the form that the model takes.",
    "missing_result": "{n} calls without a result got one that says so.",
    "orphan_result": "{n} tool results without a call became user messages.",
    "result_order": "{n} tool results were moved to their calls.",
    "tool_media": "{n} attachments of tool results were moved to a user message.",
    "tool_media_named": "{n} images of tool results are named only: the model sees no images.",
    "system_media": "{n} attachments of system messages were moved to a user message.",
    "tools_as_text": "{n} calls and tool results were written as text.",
    "text_beside_calls": "The text of {n} messages with calls became a message of its own.",
    "parallel_calls": "{n} calls were taken out of messages with several calls.",
    "joined": "{n} messages were joined with the one before, of the same role.",
    "bridge": "{n} short assistant messages were put between a tool result and the user.",
    "first_message": "A user message was put before the first message.",
    "last_message": "A user message was put after the last message.",
}
"""Description of each kind of change; ``{n}`` is its number."""

FORMAL = frozenset(
    {
        "call",
        "call_id",
        "content",
        "empty_message",
        "fields",
        "parallel_calls",
        "result_order",
        "role",
        "system_joined",
        "system_position",
        "text_parts",
        "tool_media",
    }
)
"""Kinds that change only the form, not what the model reads; they issue no warning."""


class Notes:
    """Counter of changes by kind."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, kind: str, n: int = 1) -> None:
        """Count ``n`` changes of a kind."""
        if n:
            self._counts[kind] = self._counts.get(kind, 0) + n

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return one adjustment for each kind, in the order of their first occurrence."""
        return tuple(Adjustment(k, DETAILS[k].format(n=n)) for k, n in self._counts.items())
