"""Operation of one raw request."""

from __future__ import annotations

import time
from typing import Any

from llmaas._calls import CallInfo
from llmaas._redaction import Redactor
from llmaas.ops.effects import Close, Operation, Read, ReadSome, Send
from llmaas.ops.hooked_calls import with_hooks
from llmaas.ops.retrying import JSON, Deadline
from llmaas.pricing import audio_cost_micro_eur, chat_cost_micro_eur, rerank_cost_micro_eur
from llmaas.raw_types import RawRequest, RawResponse
from llmaas.settings import Settings
from llmaas.wire.failures import TransportFailure
from llmaas.wire.json_codec import loads
from llmaas.wire.usage import parse_input_usage, parse_usage

_EVENT_ENDS = (b"\n\n", b"\r\n\r\n")


def exchange(
    settings: Settings, request: RawRequest, deadline: float | None
) -> Operation[RawResponse]:
    """Send a request once, within the hooks of its call if it is billed."""
    operation = _exchange(settings, request, Deadline.coerce(settings, deadline))
    return with_hooks(to_call(settings, request), operation) if request.operation else operation


def _exchange(
    settings: Settings, request: RawRequest, deadline: Deadline
) -> Operation[RawResponse]:
    """Send the request once and measure it; the body ends after ``max_events``, if set."""
    start = time.monotonic()
    reply = yield Send(
        request.method,
        request.path,
        request.body,
        {**JSON, **request.headers},
        settings.timeout,
        bool(request.params.get("stream")),
        deadline.at,
    )
    if isinstance(reply, TransportFailure):
        cost = None if reply.was_seen else 0
        return RawResponse(
            failure=reply.kind, seconds=time.monotonic() - start, cost_micro_eur=cost
        )
    # Before the body is read: its end may close the connection.
    address, tls_version = getattr(reply, "connection", (None, None))
    if request.max_events is None:
        body = yield Read(reply)
    else:
        body = yield from _read_events(reply, request.max_events)
    failure = body.kind if isinstance(body, TransportFailure) else ""
    data = b"" if isinstance(body, TransportFailure) else body
    hide = Redactor(settings.secrets)
    return RawResponse(
        reply.status,
        {name: hide.text(value) for name, value in reply.headers.items()},
        hide.body(data),
        failure,
        time.monotonic() - start,
        address,
        tls_version,
        _cost(request, reply.status, data),
    )


def _read_events(reply: Any, count: int) -> Operation[bytes | TransportFailure]:
    """Read the first events of a stream, then close the connection."""
    chunks, body = reply.chunks(), b""
    while max(map(body.count, _EVENT_ENDS)) < count:
        data = yield ReadSome(chunks)
        if isinstance(data, TransportFailure):
            return data
        if not data:
            break
        body += data
    yield Close(reply)
    return body


def _cost(request: RawRequest, status: int, body: bytes) -> int | None:
    """Compute the cost from the usage that the body reports; None if it reports none."""
    if status >= 300 or not request.operation:
        return 0
    if request.operation == "rerank":
        return rerank_cost_micro_eur(len(request.inputs))
    if request.operation == "transcription":
        return audio_cost_micro_eur(_audio_seconds(request))
    parse = parse_input_usage if request.operation == "embeddings" else parse_usage
    usage = parse(_raw_usage(body))
    return None if usage is None else chat_cost_micro_eur(usage)


def _raw_usage(body: bytes) -> Any:
    """Return the usage of a JSON body, or the last one of a stream's events."""
    lines = [line[5:] for line in body.splitlines() if line.startswith(b"data:")] or [body]
    for line in reversed(lines):
        try:
            usage = loads(line).get("usage")
        except (ValueError, AttributeError):
            continue
        if usage:
            return usage
    return None


def to_call(settings: Settings, request: RawRequest) -> CallInfo:
    """Describe a request for hooks."""
    return CallInfo(
        request.operation,
        request.model,
        settings,
        request.inputs,
        request.params,
        is_part=request.operation == "embeddings",  # budgets reserve those per request
        audio_seconds=_audio_seconds(request),
    )


def _audio_seconds(request: RawRequest) -> float:
    if request.operation != "transcription":
        return 0.0
    from llmaas.documents.audio_length import longest_seconds

    return longest_seconds(request.inputs)
