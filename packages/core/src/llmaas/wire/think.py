"""Reasoning written inside the answer: ``<think>...</think>``, whole, cut, or never opened.

Seen on the service with qwen and deepseek models (reference: vendor tools strip it).
"""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"

Piece = tuple[bool, str]
"""``(is_reasoning, text)``"""


class ThinkSplitter:
    """Splits answer text into reasoning and text, whatever the cuts between deltas.

    Only a tag at the very start opens reasoning: a tag quoted in mid-answer is text. Some
    chat templates open the tag inside the prompt, so that only ``</think>`` arrives: with
    ``hold`` > 0, up to that many characters wait until it is known whether they were
    reasoning; text that was already handed out is moved in the final answer
    (``unopened`` tells).
    """

    __slots__ = ("_closed", "_held", "_hold", "_pending", "_state", "unopened")

    def __init__(self, hold: int = 0, *, may_be_unopened: bool = True) -> None:
        self._state = "start"
        self._pending = ""
        self._held: list[str] = []
        self._hold = hold
        self._closed = not may_be_unopened  # then a lone tag is a quotation
        self.unopened = False

    def passes(self, text: str) -> bool:
        """Whether this delta is just text, as most are (the hot path asks this first)."""
        return self._state == "text" and not self._pending and (self._closed or "<" not in text)

    def feed(self, text: str) -> list[Piece]:
        """Take a delta; return the pieces that are certain by now."""
        return getattr(self, f"_in_{self._state}")(self._pending + text)  # type: ignore[no-any-return]

    def reasoning_came_elsewhere(self) -> list[Piece]:
        """Stop looking for a lone ``</think>``: the service sends reasoning in a field."""
        if self._closed:
            return []
        self._closed = True
        return self._release() if self._state == "hold" else []

    def finish(self) -> list[Piece]:
        """Return what was held back."""
        rest, self._pending = self._pending, ""
        if self._state == "hold":
            self._held.append(rest)
            return self._release()
        if self._state == "gap" and not rest.strip():
            return []
        return [(self._state == "think", rest)] if rest else []

    def _in_start(self, text: str) -> list[Piece]:
        self._pending = ""
        stripped = text.lstrip()
        if OPEN.startswith(stripped):  # also when nothing but white space came so far
            if stripped == OPEN:
                self._state, self._closed = "think", True
            else:
                self._pending = text
            return []
        if stripped.startswith(OPEN):
            self._state, self._closed = "think", True
            return self._in_think(stripped[len(OPEN) :])
        if self._state == "gap":
            text = stripped
        self._state = "hold" if self._hold and not self._closed else "text"
        return self._in_hold(text) if self._state == "hold" else self._in_text(text)

    # After "</think>": the same question again, but white space in between is dropped.
    _in_gap = _in_start

    def _in_think(self, text: str) -> list[Piece]:
        thought, closed, rest = text.partition(CLOSE)
        if closed:
            self._pending, self._state = "", "gap"
            pieces: list[Piece] = [(True, thought)] if thought else []
            return pieces + (self._in_gap(rest) if rest else [])
        return self._all_but_half_a_tag(thought, is_reasoning=True)

    def _in_text(self, text: str) -> list[Piece]:
        if self._closed:
            self._pending = ""
            return [(False, text)] if text else []
        before, closed, after = text.partition(CLOSE)
        if not closed:
            return self._all_but_half_a_tag(before, is_reasoning=False)
        self._pending, self._state = "", "gap"
        self._closed = self.unopened = True
        pieces: list[Piece] = [(True, before)] if before else []
        return pieces + (self._in_gap(after) if after else [])

    def _in_hold(self, text: str) -> list[Piece]:
        before, closed, after = text.partition(CLOSE)
        if closed:
            pieces: list[Piece] = [(True, held) for held in (*self._held, before) if held]
            self._held.clear()
            self._pending, self._state, self._closed = "", "gap", True
            return pieces + (self._in_gap(after) if after else [])
        certain = self._all_but_half_a_tag(before, is_reasoning=True)
        self._held.extend(piece for _, piece in certain)
        if sum(map(len, self._held)) > self._hold:
            return self._release()
        return []

    def _release(self) -> list[Piece]:
        pieces: list[Piece] = [(False, held) for held in self._held if held]
        self._held.clear()
        self._state = "text"
        return pieces

    def _all_but_half_a_tag(self, text: str, *, is_reasoning: bool) -> list[Piece]:
        """Keep back an end that may be the beginning of ``</think>``."""
        self._pending = half = _half_tag_at_end(text)
        certain = text[: len(text) - len(half)]
        return [(is_reasoning, certain)] if certain else []


def _half_tag_at_end(text: str) -> str:
    start = text.rfind("<", max(0, len(text) - len(CLOSE) + 1))
    return text[start:] if start >= 0 and CLOSE.startswith(text[start:]) else ""
