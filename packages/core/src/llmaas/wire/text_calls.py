"""Detection of tool calls that an engine left in the text.

An engine without a parser for the model's format, or whose parser fails, leaves calls in the
text (vLLM #17161, #22337, #39468; also Ollama and llama.cpp). Text that begins like a call is
buffered until the end of the answer. It is converted only if all of it consists of calls of
offered tools; other text is emitted unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from llmaas.wire.call_formats import MARKS, TOKENS, Reader
from llmaas.wire.tool_names import ToolNames

_FIRST = frozenset(mark[0] for mark in (*MARKS, "{"))
_BARE = ('{"name":"', '[{"name":"')
_BARE_LENGTH = 300


class TextCalls:
    """Buffer of text that may consist of tool calls."""

    __slots__ = ("_held", "_is_forced", "_is_held", "_known", "_tools")

    def __init__(self, tools: Iterable[Any], *, is_forced: bool) -> None:
        self._tools = tools
        self._known: ToolNames | None = None
        self._is_forced = is_forced
        self._held = ""
        self._is_held = False

    @classmethod
    def create(cls, tools: Iterable[object], tool_choice: object) -> Self | None:
        """Create a buffer; return None if the request allows no calls."""
        if not tools or tool_choice == "none":
            return None
        return cls(tools, is_forced=tool_choice == "required" or isinstance(tool_choice, Mapping))

    @property
    def _names(self) -> ToolNames:
        if self._known is None:  # needed only if text begins like a call
            self._known = ToolNames(self._tools)
        return self._known

    @property
    def buffered(self) -> str:
        """Buffered text."""
        return self._held

    def feed(self, text: str) -> bool:
        """Buffer text; return whether it may still consist of calls."""
        self._held += text
        if not self._is_held:
            begun = self._held.lstrip()
            if not begun:
                return True
            if begun[0] not in _FIRST or not self._may_begin(begun):
                return False
            self._is_held = begun.startswith(MARKS)
        return True

    def calls(self) -> list[tuple[str, str]]:
        """Parse the calls to names and arguments; return none for other text."""
        text = self._held.strip()
        if not text or not (self._is_forced or text.startswith(MARKS) or text.endswith(TOKENS)):
            return []
        return Reader(text, self._tools, self._names).read()

    def _may_begin(self, begun: str) -> bool:
        if begun.startswith(MARKS) or any(mark.startswith(begun) for mark in MARKS):
            return True
        return begun[0] in "{[" and self._may_be_bare(begun)

    def _may_be_bare(self, begun: str) -> bool:
        """Whether JSON may be a call, with the name of an offered tool in its first key."""
        dense = "".join(begun[:_BARE_LENGTH].split())
        for bare in _BARE:
            if bare.startswith(dense):
                return True
            if dense.startswith(bare):
                name, ended, _ = dense[len(bare) :].partition('"')
                return self._names.offers(name) if ended else self._names.may_continue(name)
        return False
