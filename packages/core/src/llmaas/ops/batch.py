"""The service's batch endpoint: one model, many conversations, results by position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from llmaas.messages import Messages, normalize_messages
from llmaas.ops.checks import check_batch_id, check_chat
from llmaas.ops.conforming import conformed
from llmaas.ops.data import ask_data, known
from llmaas.ops.effects import Operation
from llmaas.ops.exchange import Moment
from llmaas.ops.reasoning import to_fields
from llmaas.settings import Settings
from llmaas.structured import shape_of
from llmaas.types import Adjustment, Batch, Completion, Event
from llmaas.wire.assemble import Assembler, Context
from llmaas.wire.chat import chat_body
from llmaas.wire.jsonbytes import loads

PATH = "/v1/chat/completions/batch"
_OF_SINGLE_CALLS = ("repair", "fallbacks", "retry_empty", "strict")
"""Options of a chat that a batch has no use for: its answers come later."""

MAX_CONVERSATIONS = 1_000
"""Conversations in one lot (reference 7.1)."""


def submit(
    settings: Settings,
    conversations: Sequence[Messages],
    *,
    model: str,
    tools: Any = None,
    tool_choice: Any = None,
    response_format: Any = None,
    max_tokens: int | None = None,
    reasoning: Any = None,
    timeout: Any = None,
    deadline: float | Moment | None = None,
    extra_headers: Mapping[str, str] | None = None,
    conform: bool | None = None,
    **params: Any,
) -> Operation[Batch]:
    """Hand in a lot. Never retried: the endpoint is not idempotent, and every lot is billed."""
    lot = [normalize_messages(messages) for messages in conversations]
    if not 0 < len(lot) <= MAX_CONVERSATIONS:
        from llmaas.errors import InvalidInputError

        raise InvalidInputError(
            f"a lot holds 1 to {MAX_CONVERSATIONS} conversations, not {len(lot)}"
        )
    check_chat(tools, tool_choice, {**params, "max_tokens": max_tokens})
    for name in _OF_SINGLE_CALLS:
        params.pop(name, None)
    if reasoning is not None:
        params, _ = to_fields(model, reasoning, params)
    served = known(settings, model)
    conforms = settings.conform if conform is None else conform
    lot, changes = _conformed(lot, served, conforms, params)
    shape = shape_of(response_format)
    body = chat_body(
        [],
        model=served,
        tools=tools,
        tool_choice=tool_choice,
        response_format=response_format if shape is None else shape.wire,
        params={"max_tokens": max_tokens, **params},
    )
    once = settings.but(retry=type(settings.retry)(max_retries=0))
    submitted = yield from ask_data(
        once,
        PATH,
        {**body, "messages": lot},
        _reader(model),
        timeout=timeout,
        deadline=deadline,
        extra_headers=extra_headers,
    )
    return replace(submitted, adjustments=changes) if any(changes) else submitted


def _conformed(
    lot: list[Any], model: str, wanted: bool, params: Any
) -> tuple[list[Any], tuple[tuple[Adjustment, ...], ...]]:
    """Return conversations as the model takes them, and the changes of each."""
    pairs = [conformed(messages, model=model, wanted=wanted, params=params) for messages in lot]
    return [messages for messages, _ in pairs], tuple(changes for _, changes in pairs)


def get(settings: Settings, batch_id: str, *, model: str = "") -> Operation[Batch]:
    """Read a lot's state, and its results once they are there."""
    path = f"{PATH}/{check_batch_id(batch_id)}"
    return (yield from ask_data(settings, path, None, _reader(model), method="GET"))


def _reader(model: str) -> Callable[[bytes, Mapping[str, str]], Batch]:
    def read(data: bytes, _: Mapping[str, str]) -> Batch:
        body = loads(data)
        counts = body.get("request_counts") or {}
        return Batch(
            id=str(body["id"]),
            status=str(body["status"]),
            model=str(body.get("model") or model),
            requested_model=body.get("model_requested"),
            total=counts.get("total", 0),
            completed=counts.get("completed", 0),
            failed=counts.get("failed", 0),
            results=tuple(_result(item, model) for item in body.get("results") or ()),
            error=body.get("error"),
        )

    return read


def _result(item: Mapping[str, Any], model: str) -> Completion | Exception:
    error = item.get("error")
    if error and not item.get("choices"):
        return _error(error)
    events: list[Event] = []
    assembler = Assembler(Context(requested_model=model, seed=str(item.get("id"))))
    assembler.feed(item, events)
    assembler.finish(events)
    return assembler.completion()


def _error(error: Any) -> Exception:
    from llmaas.errors import APIError
    from llmaas.wire.envelope import from_mapping

    body = from_mapping(error)
    return APIError.build(f"This conversation failed: {body.message}", type=body.type, body=error)
