"""Cache of text and reasoning that accompanied tool calls, for later requests.

AutoGen has one field, ``thought``, for both: reasoning is sent back as ``reasoning_content``,
text as ``content``.
"""

from __future__ import annotations

from collections.abc import Sequence

from autogen_core import FunctionCall

_TextAndReasoning = tuple[str | None, str | None]


class ReasoningCache:
    """Bounded mapping from the first tool call of a turn to (text, reasoning)."""

    def __init__(self, size: int = 1_000) -> None:
        self._size = size
        self._entries: dict[tuple[str, str, str], _TextAndReasoning] = {}
        self.saw_reasoning = False

    def put(self, calls: Sequence[FunctionCall], text: str | None, reasoning: str | None) -> None:
        """Store the text and reasoning of these calls, evicting the oldest entry if full."""
        self.saw_reasoning = self.saw_reasoning or bool(reasoning)
        while len(self._entries) >= self._size:
            del self._entries[next(iter(self._entries))]
        self._entries[_cache_key(calls)] = (text, reasoning)

    def get(self, calls: Sequence[FunctionCall]) -> _TextAndReasoning | None:
        """Return (text, reasoning) of these calls; None if another client received them."""
        return self._entries.get(_cache_key(calls)) if calls else None


def _cache_key(calls: Sequence[FunctionCall]) -> tuple[str, str, str]:
    first = calls[0]
    return first.id, first.name, first.arguments
