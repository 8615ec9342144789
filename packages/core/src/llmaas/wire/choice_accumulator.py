"""Accumulation of one choice of an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from llmaas.finish_reasons import TRUNCATED
from llmaas.types import Choice, Event, ReasoningDelta, TextDelta, ToolCall
from llmaas.wire.chunk_choices import find_call_pieces
from llmaas.wire.delta_text import as_text, split_parts
from llmaas.wire.reasoning_splitter import Piece, ReasoningSplitter
from llmaas.wire.text_calls import TextCalls
from llmaas.wire.think_tags import CLOSE, OPEN
from llmaas.wire.tool_calls import ToolCallAccumulator

_REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")


class ChoiceAccumulator:
    """Accumulator of a choice from deltas (or one whole message), which emits events."""

    __slots__ = (
        "_logprobs",
        "_reasoning",
        "_reasoning_field",
        "_refusal",
        "_seed",
        "_splitter",
        "_text",
        "_text_calls",
        "_text_start",
        "_tools",
        "_tools_offered",
        "finish_reason",
        "index",
    )

    def __init__(
        self,
        index: int,
        seed: str,
        hold: int,
        *,
        may_lack_opening_tag: bool,
        tools: Iterable[object] = (),
        tool_choice: object = None,
    ) -> None:
        self.index = index
        self.finish_reason: str | None = None
        self._text: list[str] = []
        self._text_start = 0
        """Pieces of ``_text`` that a lone ``</think>`` showed to be reasoning."""
        self._reasoning: list[str] = []
        self._reasoning_field: str | None = None
        self._refusal: list[str] = []
        self._logprobs: dict[str, Any] = {}
        self._splitter = ReasoningSplitter(
            hold, may_lack_opening_tag=may_lack_opening_tag, emitted=self._text
        )
        self._seed = seed
        self._tools_offered = tools
        self._tools: ToolCallAccumulator | None = None
        self._text_calls = TextCalls.create(tools, tool_choice) if tools else None
        """Text that may consist of tool calls; None once that is ruled out."""

    @property
    def has_content(self) -> bool:
        """Whether any content was received; a role alone does not count."""
        emitted = self._text or self._reasoning or self._refusal or self._tools
        return bool(emitted) or self._holds_text

    @property
    def calls_tools(self) -> bool:
        """Whether a tool call began."""
        return self._tools is not None or self._holds_text

    @property
    def _holds_text(self) -> bool:
        """Whether text is buffered that may consist of tool calls."""
        return self._text_calls is not None and bool(self._text_calls.buffered)

    @property
    def lacks_opening_tag(self) -> bool:
        """Whether a lone ``</think>`` followed text that was already emitted."""
        return self._splitter.lacks_opening_tag

    def feed(
        self,
        raw: Mapping[str, object],
        delta: Mapping[str, object],
        events: list[Event],
        *,
        whole: bool = False,
    ) -> None:
        """Process a delta, or a ``whole`` message; append its events to ``events``."""
        logprobs = raw.get("logprobs")
        content = delta.get("content")
        if (
            len(delta) == 1
            and type(content) is str
            and not logprobs
            and self._tools is None
            and self._text_calls is None
            and self._splitter.passes(content)
        ):
            if content:  # nearly all deltas of a stream
                self._text.append(content)
                events.append(TextDelta(content, self.index))
        else:
            self._take_delta(delta, content, logprobs, events, whole=whole)
        reason = raw.get("finish_reason")
        if reason:
            self.finish_reason = str(reason)

    def _take_delta(
        self,
        delta: Mapping[str, object],
        content: object,
        logprobs: object,
        events: list[Event],
        *,
        whole: bool,
    ) -> None:
        if len(delta) > 1 or content is None:
            self._take_reasoning(delta, events)
        if content:
            self._take_content(content, logprobs, events)
        elif logprobs:
            self._keep_logprobs(logprobs)
        if len(delta) > 1 or content is None:
            self._take_calls(delta, events, whole=whole)
            refusal = delta.get("refusal")
            if refusal:
                self._refusal.append(str(refusal))

    def finish(self, events: list[Event], *, complete: bool, exhausted: bool) -> None:
        """Emit all buffered data.

        ``complete`` means that the answer is complete, ``exhausted`` that it used all allowed
        tokens.
        """
        lacked_tag = self._splitter.lacks_opening_tag
        self._take_pieces(self._splitter.finish(), lacked_tag, None, events)
        if complete and not exhausted and not self._tools and self.finish_reason not in TRUNCATED:
            self._convert_text_calls(events)
        self._release(None, events)
        if self._tools is not None:
            self._tools.finish(
                events, complete=complete, reason=self.finish_reason, exhausted=exhausted
            )

    def infer_finish_reason(self) -> None:
        """Set the finish reason if the service sent none."""
        if self.finish_reason is None:
            self.finish_reason = "stop" if self._tools is None else "tool_calls"

    def choice(self) -> Choice:
        """Build the choice from the data received so far."""
        text, reasoning = "".join(self._text), "".join(self._reasoning)
        if self._splitter.lacks_opening_tag:
            # Text emitted before a lone "</think>" was reasoning after all.
            reasoning = "".join(self._text[: self._text_start]) + reasoning
            text = "".join(self._text[self._text_start :])
        return Choice(
            index=self.index,
            content=text or None,
            reasoning=reasoning or None,
            refusal="".join(self._refusal) or None,
            tool_calls=self._calls(),
            finish_reason=self.finish_reason,
            logprobs=self._logprobs or None,
            reasoning_field=(self._reasoning_field or "content") if reasoning else None,
        )

    def _take_reasoning(self, delta: Mapping[str, object], events: list[Event]) -> None:
        seen: str | None = None
        for field in _REASONING_FIELDS:
            value = delta.get(field)
            if value is None or value == "":
                continue
            thought = as_text(value)
            if not thought or thought == seen:  # some engines send it in two fields
                continue
            seen = thought
            if "think>" in thought:
                thought = self._without_tags(thought)
            self._reasoning_field = self._reasoning_field or field
            self._emit(self._splitter.reasoning_came_elsewhere(), None, events)
            self._reasoning.append(thought)
            events.append(ReasoningDelta(thought, self.index))

    def _without_tags(self, thought: str) -> str:
        """Remove the tags around reasoning in a separate field."""
        if not self._reasoning:
            thought = thought.removeprefix(OPEN)
        return thought.removesuffix(CLOSE)

    def _take_content(self, content: object, logprobs: Any, events: list[Event]) -> None:
        if logprobs:
            self._keep_logprobs(logprobs)
        if not isinstance(content, str):
            content, thought = split_parts(content)
            if thought:
                self._reasoning.append(thought)
                events.append(ReasoningDelta(thought, self.index))
        if self._tools is not None and content.strip():
            self._tools.text_followed = True
        if self._text_calls is None and self._splitter.passes(content):
            self._text.append(content)
            events.append(TextDelta(content, self.index, logprobs or None))
            return
        lacked_tag = self._splitter.lacks_opening_tag
        self._take_pieces(self._splitter.feed(content), lacked_tag, logprobs, events)

    def _take_pieces(
        self, pieces: list[Piece], lacked_tag: bool, logprobs: object, events: list[Event]
    ) -> None:
        if self._splitter.lacks_opening_tag and not lacked_tag:
            self._move(pieces, events)
        else:
            self._emit(pieces, logprobs, events)

    def _move(self, pieces: list[Piece], events: list[Event]) -> None:
        """Record that the text emitted so far was reasoning, ended by a lone ``</think>``."""
        thoughts = [text for _, text in pieces[: self._splitter.moved]]
        self._text.extend(thoughts)
        self._text_start = len(self._text)
        events.extend(ReasoningDelta(text, self.index) for text in thoughts)
        self._emit(pieces[self._splitter.moved :], None, events)

    def _emit(self, pieces: list[Piece], logprobs: Any, events: list[Event]) -> None:
        for is_reasoning, text in pieces:
            if is_reasoning:
                self._reasoning.append(text)
                events.append(ReasoningDelta(text, self.index))
            elif self._text_calls is None:
                self._text.append(text)
                events.append(TextDelta(text, self.index, logprobs or None))
            elif not self._text_calls.feed(text):
                self._release(logprobs, events)

    def _release(self, logprobs: object, events: list[Event]) -> None:
        """Emit text that was buffered because it might have been tool calls."""
        held, self._text_calls = self._text_calls, None
        if held is not None and held.buffered:
            self._emit([(False, held.buffered)], logprobs, events)

    def _convert_text_calls(self, events: list[Event]) -> None:
        """Convert buffered text that consists only of tool calls."""
        calls = self._text_calls.calls() if self._text_calls is not None else ()
        if not calls:
            return
        self._text_calls = None
        entries = [{"function": {"name": name, "arguments": text}} for name, text in calls]
        self._take_calls({"tool_calls": entries}, events, whole=True)
        if self.finish_reason == "stop":
            self.finish_reason = "tool_calls"

    def _take_calls(self, delta: Mapping[str, object], events: list[Event], *, whole: bool) -> None:
        for piece in find_call_pieces(delta):
            if isinstance(piece, dict):
                if self._tools is None:
                    self._tools = ToolCallAccumulator(self.index, self._seed, self._tools_offered)
                self._tools.feed(piece, events, whole=whole)

    def _calls(self) -> tuple[ToolCall, ...]:
        return () if self._tools is None else self._tools.calls()

    def _keep_logprobs(self, logprobs: object) -> None:
        if not isinstance(logprobs, dict):
            return
        for key, value in logprobs.items():
            if isinstance(value, list):
                self._logprobs.setdefault(key, []).extend(value)
            elif value is not None:
                self._logprobs[key] = value
