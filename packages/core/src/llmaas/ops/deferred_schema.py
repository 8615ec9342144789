"""Structured answers beside tools: the schema is enforced once the model calls no tool.

Engines that constrain an answer by a grammar do so from its first token, so that no tool is ever
called and an invented answer matches (vLLM issue 39929). So the first request describes the
schema in words and leaves the tools free; an answer without a call that does not match is
followed by one request that enforces the schema and allows no call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from llmaas._errors_base import attach
from llmaas.ops.chat import chat, open_stream
from llmaas.ops.chat_request import ChatRequest
from llmaas.ops.effects import Operation
from llmaas.ops.open_stream import EventDecoder, OpenStream
from llmaas.ops.schema_instruction import (
    in_words,
    is_enforced,
    with_fallback_to_words,
    with_reply,
)
from llmaas.structured import fill_parsed, find_mismatch, is_cut
from llmaas.types import Adjustment, Choice, Completion, Done, Event, TextDelta, ToolCallDelta
from llmaas.wire.failures import ResponseFault, TransportFailure
from llmaas.wire.usage import add_usages

T = TypeVar("T")

_DEMAND = "Give this answer as JSON that fits the schema, and nothing else."
_NOTE = Adjustment(
    "schema_after_tools",
    "response_format was sent in a request of its own, after an answer without a tool call: "
    "engines that enforce a schema call no tool.",
)


def is_deferred(request: ChatRequest) -> bool:
    """Whether a request asks for a structured answer and lets the model call tools."""
    body = request.body
    return (
        request.conforms
        and request.schema is not None
        and bool(body.get("tools"))
        and "response_format" in body
        and body.get("tool_choice") != "none"
        and is_enforced(request)
    )


def chat_with_tools(request: ChatRequest) -> Operation[Completion]:
    """Ask with free tools; ask once more with the schema if the answer needs it."""
    enforced = describe_schema(request)
    draft = yield from chat(request)
    if is_final(draft, request):
        return draft
    _enforce(request, enforced, draft)
    final = yield from with_first_answer(draft, with_fallback_to_words(request, chat))
    return with_draft(final, draft)


def open_with_tools(request: ChatRequest) -> Operation[OpenStream]:
    """Open a stream with free tools; its text is held until no call can follow."""
    enforced = describe_schema(request)
    opened = yield from open_stream(request)
    buffer = TextBuffer(opened.decoder)
    events = buffer.filter(opened.events)
    follow_up = SchemaFollowUp(request, enforced, buffer)
    return replace(opened, decoder=buffer, events=events, follow_up=follow_up)


def is_final(draft: Completion, request: ChatRequest) -> bool:
    """Whether an answer calls tools, was cut or matches: nothing is asked after it."""
    assert request.schema is not None
    has_calls = any(choice.tool_calls for choice in draft.choices)
    return has_calls or is_cut(draft) or find_mismatch(draft, request.schema) is None


class TextBuffer:
    """Decoder that buffers text until a tool call follows it, or the answer ends."""

    def __init__(self, decoder: EventDecoder) -> None:
        self._decoder = decoder
        self._buffered: list[Event] = []
        self._is_open = False

    @property
    def over(self) -> bool:
        """Whether the answer has ended."""
        return self._decoder.over

    @property
    def finished(self) -> bool:
        """Whether every choice has its finish reason."""
        return self._decoder.finished

    @property
    def fault(self) -> ResponseFault | None:
        """Why the answer is invalid or incomplete, None if it is neither."""
        return self._decoder.fault

    @property
    def partial(self) -> Completion:
        """The answer as received so far."""
        return self._decoder.partial

    @property
    def has_usage(self) -> bool:
        """Whether the usage was received."""
        return self._decoder.has_usage

    @property
    def lacks_opening_tag(self) -> bool:
        """Whether reasoning ended by a tag that was never opened."""
        return self._decoder.lacks_opening_tag

    def feed(self, data: bytes) -> list[Event]:
        """Decode a read of any size."""
        return self.filter(self._decoder.feed(data))

    def end(self, cause: TransportFailure | None = None) -> list[Event]:
        """Decode the end of the body; release buffered text if the answer is incomplete."""
        events = self.filter(self._decoder.end(cause))
        return events if self._decoder.fault is None else [*self.release(), *events]

    def filter(self, events: list[Event]) -> list[Event]:
        """Return the events that may be delivered now."""
        if self._is_open:
            return events
        passed: list[Event] = []
        for event in events:
            if isinstance(event, ToolCallDelta) and not self._is_open:
                passed += self.release()
                self._is_open = True
            is_held = isinstance(event, TextDelta) and not self._is_open
            (self._buffered if is_held else passed).append(event)
        return passed

    def release(self) -> list[Event]:
        """Return the buffered text, once."""
        buffered, self._buffered = self._buffered, []
        return buffered


class SchemaFollowUp:
    """The second request of a stream, if its first answer needs one."""

    def __init__(
        self, request: ChatRequest, enforced: dict[str, Any], text_buffer: TextBuffer
    ) -> None:
        self._request, self._enforced, self._buffer = request, enforced, text_buffer
        self.draft: Completion | None = None

    def after(self, events: list[Event]) -> Operation[OpenStream] | None:
        """Take the last events of the first answer; return how to go on, None if it was final.

        ``Done`` is taken away where another answer follows, and the held text is put before it
        where none does.
        """
        done = events[-1] if events else None
        if not isinstance(done, Done):
            return None
        schema = self._request.schema
        assert schema is not None
        if is_final(fill_parsed(done.completion, schema, streamed=True), self._request):
            events[-1:] = [*self._buffer.release(), done]
            return None
        events.pop()
        self.draft = done.completion
        _enforce(self._request, self._enforced, done.completion)
        return with_first_answer(self.draft, with_fallback_to_words(self._request, open_stream))


def describe_schema(request: ChatRequest) -> dict[str, object]:
    """Describe the schema in words instead of enforcing it; return the body that enforces it."""
    assert request.schema is not None
    enforced = {**request.body, "tool_choice": "none"}
    request.body = in_words(request.body, request.schema.to_instruction(after_tools=True))
    return enforced


def _enforce(request: ChatRequest, enforced: dict[str, Any], draft: Completion) -> None:
    messages = with_reply(enforced["messages"], draft.text, _DEMAND)
    request.body = {**enforced, "messages": messages} if draft.text.strip() else enforced
    request.adjustments = (*request.adjustments, _NOTE)


def with_first_answer(first: Completion, second: Operation[T]) -> Operation[T]:
    """Run the operation after an answer; attach the answer to its error."""
    try:
        return (yield from second)
    except BaseException as error:
        if getattr(error, "completion", None) is None:
            attach(error, completion=first)
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
