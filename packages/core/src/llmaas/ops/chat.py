"""Chat, whole or streamed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from llmaas.catalog.facts import get_facts
from llmaas.hooks import CallInfo, HookRunner
from llmaas.messages import Message, Messages, add_nonce, normalize_messages
from llmaas.ops import model_profile, output_budget
from llmaas.ops.checks import check_chat
from llmaas.ops.conversation_rules import conformed
from llmaas.ops.decoding import decoder_for
from llmaas.ops.effects import Close, Operation, Read, ReadSome
from llmaas.ops.encoding import encode, encode_plain
from llmaas.ops.reasoning import report_ignored, to_fields
from llmaas.ops.retrying import JSON, Call, Deadline, RetryState, send_with_retries
from llmaas.settings import Settings
from llmaas.structured import OutputSchema, fill_parsed, mention_json, parse_response_format
from llmaas.types import Adjustment, Attempt, Completion, Done, Event
from llmaas.wire.chat import chat_body, turns_reasoning_off
from llmaas.wire.conversation import NOT_INSPECTED, Inspection, accepts_plain
from llmaas.wire.decode import ChatDecoder
from llmaas.wire.error_body import to_status_failure
from llmaas.wire.failures import ErrorEvent, Failure, TransportFailure, TruncatedResponse
from llmaas.wire.tool_schemas import with_valid_tools

PATH = "/v1/chat/completions"
_REST = 0.5
"""Seconds to wait for ``[DONE]`` after every choice has told why it ended."""
_USAGE, _MOST_USAGE, _USAGE_SHARE = 2.0, 10.0, 0.25
"""Seconds to wait for usage: a share of the time that the answer took, within bounds."""

T = TypeVar("T")


@dataclass(slots=True)
class ChatRequest:
    """One question: what to send, and how patiently."""

    settings: Settings
    body: dict[str, Any]
    headers: Mapping[str, str] = field(repr=False)
    retries: RetryState
    shape: OutputSchema | None = None
    """What the answer must look like, when it must."""
    owns_budget: bool = False
    """Whether ``max_tokens`` is our default, which may be lowered, and not the caller's."""
    adjustments: tuple[Adjustment, ...] = ()
    """Changes that were made to the request."""
    is_attempt: bool = False
    """Whether another request may follow (see ``ops.attempts``): a stream then hands out nothing
    before text or a tool call has begun."""

    conforms: bool = True
    """Whether a request may be changed so that engines take it."""
    plain: Sequence[Message] | None = field(default=None, repr=False)
    """The messages where they are a plain conversation (see ``inspect_messages``)."""

    @property
    def model(self) -> str:
        """The model asked for."""
        return str(self.body["model"])

    def noted(self, completion: Completion) -> Completion:
        """Return the answer with what was changed in its request, and ignored of it."""
        if self.adjustments:
            notes = (*completion.adjustments, *self.adjustments)
            completion = replace(completion, adjustments=notes)
        return report_ignored(completion) if turns_reasoning_off(self.body) else completion

    def about(self, attempts: int = 1) -> CallInfo:
        """Return what hooks are told of the question."""
        stream, deadline = bool(self.body.get("stream")), self.retries.deadline
        inputs, body = self.body["messages"], self.body
        return CallInfo("chat", self.model, self.settings, inputs, body, stream, deadline, attempts)

    def call(self, *, stream: bool) -> Call:
        """Return the request."""
        is_plain = self.plain is not None and self.body["messages"] is self.plain
        data = encode_plain(self.body) if is_plain else encode(self.body)
        return Call(PATH, data, headers=self.headers, stream=stream, model=self.model)


class FollowUp(Protocol):
    """A request that may follow an answer in the same stream (see ``ops.deferred``)."""

    draft: Completion | None
    """The answer before it, once it is known that another one follows."""

    def after(self, events: list[Event]) -> Operation[OpenStream] | None:
        """Take the last events of the answer; return the next request, None if it was final."""


@dataclass(slots=True)
class OpenStream:
    """A stream whose first events have come."""

    ask: ChatRequest
    reply: Any
    chunks: Any
    decoder: ChatDecoder
    events: list[Event]
    watched: HookRunner | None = None
    follow_up: FollowUp | None = None
    earlier: tuple[Attempt, ...] = ()
    """Requests of the same call before this one (see ``ops.attempts``)."""


def build_request(
    settings: Settings,
    messages: Messages,
    *,
    model: str,
    stream: bool,
    tools: Any = None,
    tool_choice: Any = None,
    response_format: Any = None,
    max_tokens: int | model_profile.ModelDefault | None = model_profile.DEFAULT,
    reasoning: Any = None,
    is_attempt: bool = False,
    strict: bool | None = None,
    timeout: Any = None,
    deadline: float | Deadline | None = None,
    extra_headers: Any = None,
    conform: bool | None = None,
    fresh: bool = False,
    look: Inspection = NOT_INSPECTED,
    **params: Any,
) -> ChatRequest:
    """Check a question and make its request; nothing is sent yet.

    ``look`` is what a look at the messages told (see ``inspect_messages``).
    """
    model_profile.check_model(settings, model)
    extra_headers = settings.hide(extra_headers)
    shape = None if response_format is None else parse_response_format(response_format)
    conforms = settings.conform if conform is None else conform
    asks_for_json = (
        conforms and shape is not None and shape.response_format.get("type") == "json_object"
    )
    given, look = _given(settings, messages, look, fresh=fresh, asks_for_json=asks_for_json)
    sent: Sequence[Message] = given
    adjustments: tuple[Adjustment, ...] = ()
    if not (
        look.is_plain and accepts_plain(get_facts(model).family, given[0], has_names=look.has_names)
    ):
        is_strict = settings.strict if strict is None else strict
        sent, adjustments = conformed(
            given, model=model, wanted=conforms, params=params, strict=bool(is_strict)
        )
        if not look.size:
            model_profile.check_images(settings, model, sent, strict)
    owns_budget = isinstance(max_tokens, model_profile.ModelDefault)
    if isinstance(max_tokens, model_profile.ModelDefault):
        max_tokens = None
    check_chat(tools, tool_choice, {"max_tokens": max_tokens, **params})
    notes: tuple[Adjustment, ...] = ()
    if reasoning is not None:
        params, notes = to_fields(model, reasoning, params)
    if owns_budget := owns_budget and not output_budget.is_given(params):
        max_tokens = output_budget.default_max_tokens(
            settings,
            model,
            sent,
            tools,
            shape and shape.response_format,
            size=look.size if sent is given else 0,
        )
    body = chat_body(
        sent,
        model=model,
        stream=stream,
        tools=tools,
        tool_choice=tool_choice,
        response_format=response_format if shape is None else shape.response_format,
        params={"max_tokens": max_tokens, **params},
    )
    if tools and conforms:
        body = with_valid_tools(body)
    headers = {**JSON, **extra_headers}
    retries = RetryState(settings, timeout, deadline)
    notes = (*adjustments, *notes)
    plain = sent if look.is_plain and sent is given else None
    return ChatRequest(
        settings, body, headers, retries, shape, owns_budget, notes, is_attempt, conforms, plain
    )


def _given(
    settings: Settings, messages: Messages, look: Inspection, *, fresh: bool, asks_for_json: bool
) -> tuple[Sequence[Message], Inspection]:
    """Return the caller's messages as dicts, and what a look at them still tells."""
    given: Sequence[Message] = (
        [*messages]
        if look.size and not isinstance(messages, str)
        else normalize_messages(messages, settings.max_file_bytes)
    )
    if fresh:
        given, look = add_nonce(given, uuid.uuid4().hex[:16]), NOT_INSPECTED
    if asks_for_json:
        given, look = mention_json(given), NOT_INSPECTED
    return given, look


def chat(ask: ChatRequest) -> Operation[Completion]:
    """Ask and return the whole answer."""
    return _refitted(ask, _chat)


def open_stream(ask: ChatRequest) -> Operation[OpenStream]:
    """Ask and return once the first events have come.

    Until then nothing has been handed out, so that a stream which breaks may be asked for
    again; after that it never is.
    """
    return _refitted(ask, _open_stream)


def _refitted(ask: ChatRequest, send: Callable[[ChatRequest], Operation[T]]) -> Operation[T]:
    """Send a request; once more with what fits if our own ``max_tokens`` was too large."""
    try:
        return (yield from send(ask))
    except Exception as error:
        fitting = ask.owns_budget and output_budget.refit(ask.settings, ask.body, error)
        if not fitting:
            raise
    note = output_budget.lowered(ask.body["max_tokens"], fitting)
    ask.body = {**ask.body, "max_tokens": fitting}
    ask.adjustments = (*ask.adjustments, note)
    return (yield from send(ask))


def _chat(ask: ChatRequest) -> Operation[Completion]:
    retries = ask.retries
    call = ask.call(stream=False)
    while True:
        reply = yield from send_with_retries(retries, call)
        data = yield Read(reply)
        if isinstance(data, TransportFailure):
            yield from retries.retry_or_raise(data, ask.model)
            continue
        decoder = decoder_for(ask.settings, ask.body, reply, ask.retries.resends)
        events = decoder.take(data)
        data = None  # it may echo a key, and tools print the variables of frames
        if decoder.fault is None:
            return completion_of(ask, events)
        yield from _retry_early_error(ask, decoder, reply.headers)


def _open_stream(ask: ChatRequest) -> Operation[OpenStream]:
    call = ask.call(stream=True)
    while True:
        reply = yield from send_with_retries(ask.retries, call)
        chunks, began = reply.chunks(), time.monotonic()
        decoder = decoder_for(ask.settings, ask.body, reply, ask.retries.resends)
        events: list[Event] = []
        new: list[Event] = []
        while not decoder.over and not _may_begin(ask, new):
            if decoder.finished:
                limit_rest(reply, has_usage=decoder.has_usage, took=time.monotonic() - began)
            data = yield ReadSome(chunks)
            if isinstance(data, TransportFailure):
                new = decoder.end(data)
                events += new
                if not events and isinstance(decoder.fault, TruncatedResponse):
                    yield Close(reply)
                    yield from ask.retries.retry_or_raise(data, ask.model)
                    break
            else:
                new = decoder.feed(data) if data else decoder.end()
                events += new
            data = None  # it may echo a key, and tools print the variables of frames
        else:
            if decoder.fault is None or _may_begin(ask, events):
                return OpenStream(ask, reply, chunks, decoder, events)
            yield Close(reply)
            yield from _retry_early_error(ask, decoder, reply.headers)


def _may_begin(ask: ChatRequest, events: list[Event]) -> bool:
    """Whether a stream may be handed out with these events."""
    return has_text(events) if ask.is_attempt else bool(events)


def has_text(events: list[Event]) -> bool:
    """Tell whether text or a tool call has begun."""
    return any(
        event.type == "tool_call" or (event.type == "text" and bool(event.text.strip()))
        for event in events
    )


def limit_rest(reply: Any, *, has_usage: bool, took: float) -> None:
    """Wait only briefly for what may follow an answer that took so long: usage and ``[DONE]``.

    Some servers keep the connection open, and some send heartbeats on it for ever. A service under
    load sends usage late, and an answer without it has no known cost.
    """
    limit = getattr(reply, "limit_rest", None)  # a transport of somebody else may have none
    if limit is not None:
        limit(_REST if has_usage else max(_USAGE, min(_USAGE_SHARE * took, _MOST_USAGE)))


def _retry_early_error(
    ask: ChatRequest, decoder: ChatDecoder, headers: Mapping[str, str]
) -> Operation[None]:
    """Retry what broke before any answer came like the failure that it stands for."""
    fault = decoder.fault
    failure: Failure | None = None
    if isinstance(fault, ErrorEvent):
        failure = to_status_failure(fault, headers)
    elif isinstance(fault, TruncatedResponse):
        early = TransportFailure("read", f"The answer ended early: {fault.reason}.")
        failure = fault.cause or early
    if failure is None or decoder.has_content:
        raise fault_error(ask, decoder, headers)
    yield from ask.retries.retry_or_raise(failure, ask.model)


def fault_error(ask: ChatRequest, decoder: ChatDecoder, headers: Mapping[str, str]) -> Exception:
    """Return the exception for an answer that is none, or that broke off."""
    from llmaas._error_factory import error_in_stream

    assert decoder.fault is not None
    return error_in_stream(
        decoder.fault,
        headers=headers,
        url=ask.settings.root + PATH,
        secrets=ask.settings.secrets,
    )


def completion_of(ask: ChatRequest, events: list[Event]) -> Completion:
    """Return the completion that ends a list of events, after a look at what it is worth."""
    last = events[-1]
    assert isinstance(last, Done)
    completion = last.completion if ask.shape is None else fill_parsed(last.completion, ask.shape)
    model_profile.record(ask.settings, ask.model, completion, warns=not ask.is_attempt)
    return ask.noted(completion)
