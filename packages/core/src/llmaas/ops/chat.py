"""Exchange of a chat request, whole or streamed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from llmaas.ops import model_profile, output_budget
from llmaas.ops.chat_request import PATH, ChatRequest
from llmaas.ops.decoding import decoder_for
from llmaas.ops.effects import Close, Operation, Read, ReadSome
from llmaas.ops.open_stream import EventDecoder, OpenStream
from llmaas.ops.retrying import send_with_retries
from llmaas.structured import fill_parsed
from llmaas.types import Completion, Done, Event
from llmaas.wire.decode import ChatDecoder
from llmaas.wire.error_body import to_status_failure
from llmaas.wire.failures import (
    ErrorEvent,
    Failure,
    TransportFailure,
    TruncatedResponse,
)

_REST = 0.5
"""Seconds to wait for ``[DONE]`` after the finish reasons of all choices."""
_USAGE, _MOST_USAGE, _USAGE_SHARE = 2.0, 10.0, 0.25
"""Seconds to wait for usage: a share of the time that the answer took, within bounds."""

T = TypeVar("T")


def chat(request: ChatRequest) -> Operation[Completion]:
    """Send the request and return the whole answer."""
    return _with_fitting_budget(request, _chat)


def open_stream(request: ChatRequest) -> Operation[OpenStream]:
    """Send the request and return after the first events.

    A stream that breaks before them is retried; afterwards never.
    """
    return _with_fitting_budget(request, _open_stream)


def _with_fitting_budget(
    request: ChatRequest, send: Callable[[ChatRequest], Operation[T]]
) -> Operation[T]:
    """Send a request; once more with a lower ``max_tokens`` if our default was too large."""
    try:
        return (yield from send(request))
    except Exception as error:
        fitting = request.owns_budget and output_budget.refit(request.settings, request.body, error)
        if not fitting:
            raise
    note = output_budget.lowered(request.body["max_tokens"], fitting)
    request.body = {**request.body, "max_tokens": fitting}
    request.adjustments = (*request.adjustments, note)
    return (yield from send(request))


def _chat(request: ChatRequest) -> Operation[Completion]:
    retries = request.retries
    call = request.encode(stream=False)
    while True:
        reply = yield from send_with_retries(retries, call)
        data = yield Read(reply)
        if isinstance(data, TransportFailure):
            yield from retries.retry_or_raise(data, request.model)
            continue
        decoder = decoder_for(request.settings, request.body, reply, request.retries.resends)
        events = decoder.take(data)
        data = None  # it may echo a key, and tools print the variables of frames
        if decoder.fault is None:
            return finish_completion(request, events)
        yield from _retry_early_error(request, decoder, reply.headers)


def _open_stream(request: ChatRequest) -> Operation[OpenStream]:
    """Send a request until its first events are received.

    Up to them a failure is retried: the caller has seen nothing of the answer.
    """
    call = request.encode(stream=True)
    while True:
        reply = yield from send_with_retries(request.retries, call)
        chunks, began = reply.chunks(), time.monotonic()
        decoder = decoder_for(request.settings, request.body, reply, request.retries.resends)
        events: list[Event] = []
        new: list[Event] = []
        while not decoder.over and not _may_begin(request, new):
            if decoder.finished:
                limit_rest(reply, has_usage=decoder.has_usage, took=time.monotonic() - began)
            data = yield ReadSome(chunks)
            if isinstance(data, TransportFailure):
                new = decoder.end(data)
                events += new
                if not events and isinstance(decoder.fault, TruncatedResponse):
                    yield Close(reply)
                    yield from request.retries.retry_or_raise(data, request.model)
                    break
            else:
                new = decoder.feed(data) if data else decoder.end()
                events += new
            data = None  # it may echo a key, and tools print the variables of frames
        else:
            if decoder.fault is None or _may_begin(request, events):
                return OpenStream(request, reply, chunks, decoder, events)
            yield Close(reply)
            yield from _retry_early_error(request, decoder, reply.headers)


def _may_begin(request: ChatRequest, events: list[Event]) -> bool:
    """Tell whether a stream may be returned with these events."""
    return has_text(events) if request.is_attempt else bool(events)


def has_text(events: list[Event]) -> bool:
    """Tell whether text or a tool call has begun."""
    return any(
        event.type == "tool_call" or (event.type == "text" and bool(event.text.strip()))
        for event in events
    )


def limit_rest(reply: object, *, has_usage: bool, took: float) -> None:
    """Wait briefly for what may follow an answer that took ``took`` seconds: usage and ``[DONE]``.

    Some servers keep the connection open, and some send heartbeats forever. A service under
    load sends usage late, and an answer without it has no known cost.
    """
    limit = getattr(reply, "limit_rest", None)  # a transport of somebody else may have none
    if limit is not None:
        limit(_REST if has_usage else max(_USAGE, min(_USAGE_SHARE * took, _MOST_USAGE)))


def _retry_early_error(
    request: ChatRequest, decoder: ChatDecoder, headers: Mapping[str, str]
) -> Operation[None]:
    """Retry an error that arrived before any content like the failure that it reports."""
    fault = decoder.fault
    failure: Failure | None = None
    if isinstance(fault, ErrorEvent):
        failure = to_status_failure(fault, headers)
    elif isinstance(fault, TruncatedResponse):
        early = TransportFailure("read", f"The answer ended early: {fault.reason}.")
        failure = fault.cause or early
    if failure is None or decoder.has_content:
        raise fault_error(request, decoder, headers)
    yield from request.retries.retry_or_raise(failure, request.model)


def fault_error(
    request: ChatRequest, decoder: EventDecoder, headers: Mapping[str, str]
) -> Exception:
    """Build the exception for an invalid or incomplete answer."""
    from llmaas._error_factory import error_in_stream

    assert decoder.fault is not None
    return error_in_stream(
        decoder.fault,
        headers=headers,
        url=request.settings.root + PATH,
        secrets=request.settings.secrets,
    )


def finish_completion(request: ChatRequest, events: list[Event]) -> Completion:
    """Return the completion of the last event, with ``parsed`` and notes filled in."""
    last = events[-1]
    assert isinstance(last, Done)
    completion = (
        last.completion if request.schema is None else fill_parsed(last.completion, request.schema)
    )
    model_profile.record(request.settings, request.model, completion, warns=not request.is_attempt)
    return request.with_notes(completion)
