"""Removal of the Markdown fence that some models put around streamed JSON."""

from __future__ import annotations

from typing import Any

from llmaas.structured import JSONFilter, is_cut, wants_json
from llmaas.types import Choice, Completion


class FenceStripper:
    """Filter of one streamed choice that removes the Markdown fence around JSON."""

    def __init__(self, response_format: Any) -> None:
        self._filter = JSONFilter() if wants_json(response_format) else None

    def feed(self, text: str) -> str:
        """Add a piece of text and return the text that can be emitted."""
        return text if self._filter is None else self._filter.feed(text)

    def finish(self, answer: Choice | Completion) -> str:
        """Return the text that was buffered until the end of the answer."""
        return "" if self._filter is None else self._filter.end(cut=is_cut(answer))


def strip_fence(response_format: object) -> FenceStripper:
    """Create a filter for the pieces of a streamed answer.

    It passes text on unchanged unless the ``response_format`` asks for JSON.
    """
    return FenceStripper(response_format)
