"""Text that is nothing but tool calls, because the engine did not parse them.

An engine without a parser for the model's format, or whose parser fails, leaves calls in the
text (vLLM #17161, #22337, #39468; Ollama and llama.cpp alike). Text that begins as a call does
is held back until the answer ends. It is read as calls only if all of it is calls of tools that
were offered; anything else is handed out as the text that it is.
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
    """The text of one answer until it is certain not to be calls."""

    __slots__ = ("_held", "_is_forced", "_is_held", "_known", "_tools")

    def __init__(self, tools: Iterable[Any], *, is_forced: bool) -> None:
        self._tools = tools
        self._known: ToolNames | None = None
        self._is_forced = is_forced
        self._held = ""
        self._is_held = False

    @classmethod
    def create(cls, tools: Iterable[Any], tool_choice: Any) -> Self | None:
        """Return None where no call can come."""
        if not tools or tool_choice == "none":
            return None
        return cls(tools, is_forced=tool_choice == "required" or isinstance(tool_choice, Mapping))

    @property
    def _names(self) -> ToolNames:
        if self._known is None:  # needed only where text begins as a call does
            self._known = ToolNames(self._tools)
        return self._known

    @property
    def held(self) -> str:
        """The text that was held back."""
        return self._held

    def feed(self, text: str) -> bool:
        """Take text; return whether it may still be calls, so that nothing is handed out."""
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
        """Return names and arguments; empty if the text is anything else than calls."""
        text = self._held.strip()
        if not text or not (self._is_forced or text.startswith(MARKS) or text.endswith(TOKENS)):
            return []
        return Reader(text, self._tools, self._names).read()

    def _may_begin(self, begun: str) -> bool:
        if begun.startswith(MARKS) or any(mark.startswith(begun) for mark in MARKS):
            return True
        return begun[0] in "{[" and self._may_be_bare(begun)

    def _may_be_bare(self, begun: str) -> bool:
        """Whether JSON may be a call: of an offered name, in its first key."""
        dense = "".join(begun[:_BARE_LENGTH].split())
        for bare in _BARE:
            if bare.startswith(dense):
                return True
            if dense.startswith(bare):
                name, ended, _ = dense[len(bare) :].partition('"')
                return self._names.offers(name) if ended else self._names.may_continue(name)
        return False
