"""What a model said beside its tool calls, kept until the calls go back to it.

AutoGen has one field, ``thought``, for two things: reasoning, which models that reason want
back as ``reasoning_content``, and text, which goes back as ``content``.
"""

from __future__ import annotations

from collections.abc import Sequence

from autogen_core import FunctionCall

_Said = tuple[str | None, str | None]


class Echo:
    """A bounded memory: first call of a turn -> (text, reasoning)."""

    def __init__(self, size: int = 1_000) -> None:
        self._size = size
        self._said: dict[tuple[str, str, str], _Said] = {}
        self.saw_reasoning = False

    def keep(self, calls: Sequence[FunctionCall], text: str | None, reasoning: str | None) -> None:
        """Keep what came with these calls; the oldest is forgotten first."""
        self.saw_reasoning = self.saw_reasoning or bool(reasoning)
        while len(self._said) >= self._size:
            del self._said[next(iter(self._said))]
        self._said[_key(calls)] = (text, reasoning)

    def said(self, calls: Sequence[FunctionCall]) -> _Said | None:
        """Return what came with these calls, or None when they are another client's."""
        return self._said.get(_key(calls)) if calls else None


def _key(calls: Sequence[FunctionCall]) -> tuple[str, str, str]:
    first = calls[0]
    return first.id, first.name, first.arguments
