"""Separation of reasoning between tags from the text of an answer.

``think_tags`` lists the tags. The opening tag may be missing. If reasoning is sent in a separate
field, tags in the text are quotations, except a closing tag at its beginning, which parsers of
engines leave there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from re import Match

from llmaas.wire.think_tags import (
    HEADERS,
    LONE_TAGS,
    NEXT,
    PAIRS,
    STRAYS,
    TRAILERS,
    find_lone,
    is_quoted,
    partial_tag_at_end,
)

_AT_START = (*PAIRS, *HEADERS, *STRAYS)
_FIRST = frozenset(tag[0] for tag in _AT_START)
_QUOTING = ("{", "[", "`")
"""Beginnings of JSON, lists and code. Reasoning never begins so: tags inside are quotations."""
_ABOUT_TAGS = 8
"""Quoted closing tags from which on an answer is assumed to be about tags."""

Piece = tuple[bool, str]
"""``(is_reasoning, text)``"""


class ReasoningSplitter:
    """Incremental splitter of answer text into reasoning and text.

    Only a tag at the beginning opens reasoning; a tag quoted later is text. Some chat templates
    write the opening tag in the prompt, so that only ``</think>`` arrives. With ``hold`` > 0, up
    to that many characters are buffered until it is known whether they are reasoning. Text that
    was emitted before becomes reasoning in the final answer (see ``lacks_opening_tag``).
    ``emitted`` is that text; the caller appends to it.
    """

    __slots__ = (
        "_close",
        "_closed",
        "_emitted",
        "_harmony",
        "_held",
        "_hold",
        "_is_over",
        "_pending",
        "_quoted",
        "_reasoned",
        "_spoke",
        "_state",
        "_stray",
        "lacks_opening_tag",
        "moved",
    )

    def __init__(
        self, hold: int = 0, *, may_lack_opening_tag: bool = True, emitted: Sequence[str] = ()
    ) -> None:
        self._emitted = emitted
        self._state = "start"
        self._pending = ""
        self._held: list[str] = []
        self._hold = hold
        self._close = ""
        self._closed = not may_lack_opening_tag  # then a lone tag is a quotation
        self._harmony = False
        self._is_over = False
        self._spoke = False
        self._quoted = 0
        self._reasoned = False
        self._stray = ""
        self.lacks_opening_tag = False
        self.moved = 0
        """Pieces before the tag, in the result of the ``feed`` that set ``lacks_opening_tag``."""

    def passes(self, text: str) -> bool:
        """Whether a delta is plain text, as most are (checked first on the hot path)."""
        return (
            self._state == "text"
            and not self._pending
            and (self._closed or ("<" not in text and "[" not in text))
        )

    def feed(self, text: str) -> list[Piece]:
        """Process a delta; return the pieces to emit now."""
        pieces: list[Piece] = []
        rest, self._pending = self._pending + text, ""
        while rest:
            rest = _READERS[self._state](self, rest, pieces)
        return pieces

    def reasoning_came_elsewhere(self) -> list[Piece]:
        """Stop the search for a lone ``</think>``: the service sends reasoning in a field."""
        self._reasoned = True
        if self._closed:
            return []
        self._closed = True
        return self._release() if self._state == "hold" else []

    def finish(self) -> list[Piece]:
        """Return the buffered pieces."""
        self._is_over = True
        if self._pending in LONE_TAGS and self._state in ("text", "hold"):
            pieces = self.feed("")
            return pieces + (self._release() if self._state == "hold" else [])
        rest, self._pending = self._pending, ""
        if self._state == "hold":
            self._held.append(rest)
            return self._release()
        if self._state == "gap" and not rest.strip():
            # A lone closing tag without any reasoning is the answer.
            return [(False, self._stray)] if self._stray and not self._reasoned else []
        return [(self._state == "think", rest)] if rest else []

    # Each reader consumes text in its state and returns what is left for the next state.

    def _in_start(self, text: str, pieces: list[Piece]) -> str:
        """Process the beginning of an answer: an opening tag, or the state that its text begins."""
        stripped = text.lstrip()
        if not stripped or stripped[0] in _FIRST:  # most texts begin with a letter
            if self._may_become_tag(stripped):  # also for white space only
                self._pending = text
                return ""
            for tag in _AT_START:
                if stripped.startswith(tag):
                    self._pass_tag(tag)
                    return stripped[len(tag) :]
        if self._state == "gap":
            text = stripped
        if stripped.startswith(_QUOTING):
            self._closed = True
        self._state = "harmony" if self._harmony else "text"
        if self._hold and not self._closed:
            self._state = "hold"
        return text

    def _may_become_tag(self, stripped: str) -> bool:
        return any(tag.startswith(stripped) and tag != stripped for tag in _AT_START)

    def _pass_tag(self, tag: str) -> None:
        """Change the state after a tag at the beginning of the text."""
        self._closed = True
        self._harmony = self._harmony or "<|message|>" in tag
        if tag in PAIRS:
            self._state, self._close, self._reasoned = "think", PAIRS[tag], True
        elif tag in HEADERS:
            self._state = "harmony"
        else:
            self._state, self._stray = "gap", tag

    def _in_think(self, text: str, pieces: list[Piece]) -> str:
        thought, closed, rest = text.partition(self._close)
        if self._harmony and NEXT in thought:
            thought, closed, _ = text.partition(NEXT)
            rest = text[len(thought) :]
        if not closed:
            tags = (self._close, NEXT) if self._harmony else (self._close,)
            return self._emit_up_to_partial_tag(thought, tags, pieces, is_reasoning=True)
        if thought:
            pieces.append((True, thought))
        self._state = "gap"
        return rest

    def _in_text(self, text: str, pieces: list[Piece]) -> str:
        """Process text outside tags; return what follows a tag, or nothing."""
        if self._closed or ("<" not in text and "[" not in text):
            pieces.append((False, text))
            return ""
        lone = find_lone(text)
        if lone is None:
            return self._emit_up_to_partial_tag(text, LONE_TAGS, pieces, is_reasoning=False)
        if (
            lone.end() == len(text) and not self._is_over
        ):  # the next delta shows whether it is quoted
            self._pending = lone.group()
            if lone.start():
                pieces.append((False, text[: lone.start()]))
            return ""
        if self._quotes(lone, text, pieces):
            pieces.append((False, text[: lone.end()]))
            return text[lone.end() :]
        if lone.start():
            pieces.append((True, text[: lone.start()]))
        self._state = "gap"
        self.moved = len(pieces)
        self._closed = self.lacks_opening_tag = True
        return text[lone.end() :]

    def _in_harmony(self, text: str, pieces: list[Piece]) -> str:
        """Read text of the final channel, up to its end."""
        if self._spoke:
            pieces.append((False, "\n\n"))  # another message of the same answer
            self._spoke = False
        for trailer in TRAILERS:
            before, ended, after = text.partition(trailer)
            if ended:
                if before:
                    pieces.append((False, before))
                self._state, self._spoke = "gap", True
                return after
        return self._emit_up_to_partial_tag(text, TRAILERS, pieces, is_reasoning=False)

    def _in_hold(self, text: str, pieces: list[Piece]) -> str:
        """Buffer text that may be reasoning whose opening tag is in the prompt."""
        lone = find_lone(text)
        if lone is not None and lone.end() == len(text) and not self._is_over:
            self._held.append(text[: lone.start()])
            self._pending = lone.group()
            return ""
        if lone is not None and self._quotes(lone, text, pieces):
            self._held.append(text[: lone.end()])
            return text[lone.end() :]
        if lone is None:
            held: list[Piece] = []
            self._emit_up_to_partial_tag(text, LONE_TAGS, held, is_reasoning=True)
            self._held.extend(piece for _, piece in held)
            if sum(map(len, self._held)) > self._hold:
                pieces += self._release()
            return ""
        thoughts = (*self._held, text[: lone.start()])
        pieces += [(True, thought) for thought in thoughts if thought]
        self._held.clear()
        self._state, self._closed = "gap", True
        return text[lone.end() :]

    def _quotes(self, lone: Match[str], text: str, pieces: list[Piece]) -> bool:
        """Whether a closing tag is quoted text that ends nothing."""
        emitted = (
            *self._emitted,
            *(piece for _, piece in pieces),
            *self._held,
            text[: lone.start()],
        )
        quotes = is_quoted("".join(emitted), text[lone.end() :])
        self._quoted += quotes
        self._closed = self._quoted >= _ABOUT_TAGS
        return quotes

    def _release(self) -> list[Piece]:
        pieces: list[Piece] = [(False, held) for held in self._held if held]
        self._held.clear()
        self._state = "text"
        return pieces

    def _emit_up_to_partial_tag(
        self, text: str, tags: tuple[str, ...], pieces: list[Piece], *, is_reasoning: bool
    ) -> str:
        """Buffer the end of a text that may be the beginning of a tag; emit the rest."""
        self._pending = partial = partial_tag_at_end(text, tags)
        if certain := text[: len(text) - len(partial)]:
            pieces.append((is_reasoning, certain))
        return ""


_READERS: Mapping[str, Callable[[ReasoningSplitter, str, list[Piece]], str]] = {
    "start": ReasoningSplitter._in_start,
    "gap": ReasoningSplitter._in_start,  # after a closing tag; white space in between is dropped
    "think": ReasoningSplitter._in_think,
    "text": ReasoningSplitter._in_text,
    "harmony": ReasoningSplitter._in_harmony,
    "hold": ReasoningSplitter._in_hold,
}
"""The reader of each state."""
