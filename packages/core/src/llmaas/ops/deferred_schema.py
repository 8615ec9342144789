"""Structured answers beside tools: the schema is enforced once the model calls no tool.

Engines that constrain an answer by a grammar do so from its first token, so that no tool is ever
called and an invented answer matches (vLLM issue 39929). So the first request describes the
schema in words and leaves the tools free; an answer without a call that does not match is
followed by one request that enforces the schema and allows no call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from llmaas.ops.chat import ChatRequest, OpenStream, chat, open_stream
from llmaas.ops.effects import Operation
from llmaas.ops.schema_instruction import in_words, with_fallback_to_words, with_reply
from llmaas.structured import fill_parsed, find_mismatch, is_cut
from llmaas.types import Adjustment, Choice, Completion, Done, Event, TextDelta, ToolCallDelta
from llmaas.wire.decode import ChatDecoder
from llmaas.wire.usage import add_usages

T = TypeVar("T")

_DEMAND = "Give this answer as JSON that fits the schema, and nothing else."
_NOTE = Adjustment(
    "schema_after_tools",
    "response_format was sent in a request of its own, after an answer without a tool call: "
    "engines that enforce a schema call no tool.",
)


def is_deferred(ask: ChatRequest) -> bool:
    """Whether a request asks for a structured answer and lets the model call tools."""
    body = ask.body
    return (
        ask.conforms
        and ask.shape is not None
        and bool(body.get("tools"))
        and "response_format" in body
        and body.get("tool_choice") != "none"
    )


def chat_with_tools(ask: ChatRequest) -> Operation[Completion]:
    """Ask with free tools; ask once more with the schema if the answer needs it."""
    enforced = describe_schema(ask)
    draft = yield from chat(ask)
    if is_final(draft, ask):
        return draft
    _enforce(ask, enforced, draft)
    final = yield from bearing(draft, with_fallback_to_words(ask, chat))
    return with_draft(final, draft)


def open_with_tools(ask: ChatRequest) -> Operation[OpenStream]:
    """Open a stream with free tools; its text is held until no call can follow."""
    enforced = describe_schema(ask)
    opened = yield from open_stream(ask)
    holder: Any = TextHolder(opened.decoder)
    events = holder.sift(opened.events)
    follow_up = SchemaFollowUp(ask, enforced, holder)
    return replace(opened, decoder=holder, events=events, follow_up=follow_up)


def is_final(draft: Completion, ask: ChatRequest) -> bool:
    """Whether an answer calls tools, was cut or matches: nothing is asked after it."""
    assert ask.shape is not None
    has_calls = any(choice.tool_calls for choice in draft.choices)
    return has_calls or is_cut(draft) or find_mismatch(draft, ask.shape) is None


class TextHolder:
    """A decoder that holds text until a tool call follows it, or the answer ends.

    Otherwise it is the decoder that it wraps.
    """

    def __init__(self, decoder: ChatDecoder) -> None:
        self._decoder = decoder
        self._held: list[Event] = []
        self._is_open = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decoder, name)

    def feed(self, data: bytes) -> list[Event]:
        """Take a read of any size."""
        return self.sift(self._decoder.feed(data))

    def end(self, cause: Any = None) -> list[Event]:
        """Take the end of the body; what was held is let out if the answer broke off."""
        events = self.sift(self._decoder.end(cause))
        return events if self._decoder.fault is None else [*self.release(), *events]

    def sift(self, events: list[Event]) -> list[Event]:
        """Return the events that may be handed out now."""
        if self._is_open:
            return events
        passed: list[Event] = []
        for event in events:
            if isinstance(event, ToolCallDelta) and not self._is_open:
                passed += self.release()
                self._is_open = True
            held = isinstance(event, TextDelta) and not self._is_open
            (self._held if held else passed).append(event)
        return passed

    def release(self) -> list[Event]:
        """Return what is held, once."""
        held, self._held = self._held, []
        return held


class SchemaFollowUp:
    """The second request of a stream, if its first answer needs one."""

    def __init__(self, ask: ChatRequest, enforced: dict[str, Any], holder: TextHolder) -> None:
        self._ask, self._enforced, self._holder = ask, enforced, holder
        self.draft: Completion | None = None

    def after(self, events: list[Event]) -> Operation[OpenStream] | None:
        """Take the last events of the first answer; return how to go on, None if it was final.

        ``Done`` is taken away where another answer follows, and the held text is put before it
        where none does.
        """
        done = events[-1] if events else None
        if not isinstance(done, Done):
            return None
        shape = self._ask.shape
        assert shape is not None
        if is_final(fill_parsed(done.completion, shape, streamed=True), self._ask):
            events[-1:] = [*self._holder.release(), done]
            return None
        events.pop()
        self.draft = done.completion
        _enforce(self._ask, self._enforced, done.completion)
        return bearing(self.draft, with_fallback_to_words(self._ask, open_stream))


def describe_schema(ask: ChatRequest) -> dict[str, Any]:
    """Describe the schema in words instead of enforcing it; return the body that enforces it."""
    assert ask.shape is not None
    enforced = {**ask.body, "tool_choice": "none"}
    ask.body = in_words(ask.body, ask.shape.to_instruction(after_tools=True))
    return enforced


def _enforce(ask: ChatRequest, enforced: dict[str, Any], draft: Completion) -> None:
    messages = with_reply(enforced["messages"], draft.text, _DEMAND)
    ask.body = {**enforced, "messages": messages} if draft.text.strip() else enforced
    ask.adjustments = (*ask.adjustments, _NOTE)


def bearing(first: Completion, second: Operation[T]) -> Operation[T]:
    """Run what follows an answer; a failure carries that answer."""
    try:
        return (yield from second)
    except BaseException as error:
        if getattr(error, "completion", None) is None:
            error.completion = first  # type: ignore[attr-defined]
        raise


def with_draft(completion: Completion, draft: Completion | None) -> Completion:
    """Add what an earlier answer of the same call used and thought."""
    if draft is None:
        return completion
    thought = "".join(filter(None, (draft.reasoning, completion.reasoning)))
    first, *others = completion.choices or (Choice(),)
    choices = (replace(first, reasoning=thought or None), *others)
    usage = add_usages([draft.usage, completion.usage])
    return replace(completion, choices=choices, usage=usage)
