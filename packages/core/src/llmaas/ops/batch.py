"""The service's batch endpoint: one model, many conversations, results by position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from llmaas._errors_base import InvalidInputError
from llmaas.messages import Messages
from llmaas.ops.chat_request import ChatRequest, build_request
from llmaas.ops.checks import check_batch_id
from llmaas.ops.deferred_schema import describe_schema, is_deferred
from llmaas.ops.effects import Operation
from llmaas.ops.json_request import request_json
from llmaas.ops.retrying import Deadline
from llmaas.settings import Settings, Timeout
from llmaas.types import Adjustment, Batch, Completion, Event
from llmaas.wire.accumulator import ChoiceFailed, CompletionAccumulator, Context
from llmaas.wire.conversation.inspection import inspect_messages
from llmaas.wire.error_body import from_mapping
from llmaas.wire.json_codec import loads
from llmaas.wire.tool_schemas import RenamedTools

PATH = "/v1/chat/completions/batch"
_OF_SINGLE_CALLS = ("repair", "fallbacks", "retry_empty")
"""Options of a chat that do not apply to a batch."""
_IN_WORDS = Adjustment(
    "schema_in_words",
    "response_format was described in words: engines that enforce a schema call no tool, and a "
    "batch has no second request that could enforce it.",
)

MAX_CONVERSATIONS = 1_000
"""Conversations per batch (reference 7.1)."""


def submit(
    settings: Settings,
    conversations: Sequence[Messages],
    *,
    model: str,
    timeout: float | Timeout | None = None,
    deadline: float | Deadline | None = None,
    extra_headers: Mapping[str, str] | None = None,
    **options: object,
) -> Operation[Batch]:
    """Submit a batch. Never retried: the endpoint is not idempotent, and every batch is billed."""
    if not 0 < len(conversations) <= MAX_CONVERSATIONS:
        raise InvalidInputError(
            f"conversations must be 1 to {MAX_CONVERSATIONS}, got {len(conversations)}."
        )
    _check_offered(settings)
    options = {k: v for k, v in options.items() if k not in _OF_SINGLE_CALLS}
    requests = [_prepared(settings, each, model, options) for each in conversations]
    changes = tuple(request.adjustments for request in requests)
    once = settings.replace(retry=type(settings.retry)(max_retries=0))
    submitted = yield from request_json(
        once,
        PATH,
        {**requests[0].body, "messages": [request.body["messages"] for request in requests]},
        _reader(model),
        timeout=timeout,
        deadline=deadline,
        extra_headers=extra_headers,
    )
    return replace(submitted, adjustments=changes) if any(changes) else submitted


def _check_offered(settings: Settings) -> None:
    """Raise ``InvalidInputError`` if the profile says that the service accepts no batches."""
    profile = settings.profile
    if profile is not None and profile.batches is False:
        raise InvalidInputError(
            f"{profile.address} does not accept batches, as measured on {profile.measured}. Send "
            "the conversations one by one, in a bulk run for instance."
        )


def _prepared(settings: Settings, messages: Messages, model: str, options: Any) -> ChatRequest:
    """Prepare a conversation as a chat; describe a schema in words where tools may be called."""
    inspection = inspect_messages(messages)
    request = build_request(
        settings, messages, model=model, stream=False, inspection=inspection, **options
    )
    if is_deferred(request):
        describe_schema(request)
        request.adjustments = (*request.adjustments, _IN_WORDS)
    if isinstance(tools := request.body.get("tools"), RenamedTools):
        request.adjustments = (*request.adjustments, _renamed(tools))
    return request


def _renamed(tools: RenamedTools) -> Adjustment:
    """Report renamed tools: the results of the batch use the new names."""
    names = ", ".join(f"{own!r} became {sent!r}" for sent, own in tools.renamed.items())
    return Adjustment("tool_names", f"Names that engines refuse were replaced: {names}.")


def get(settings: Settings, batch_id: str, *, model: str = "") -> Operation[Batch]:
    """Get the status of a batch, and its results once it has finished."""
    path = f"{PATH}/{check_batch_id(batch_id)}"
    return (yield from request_json(settings, path, None, _reader(model), method="GET"))


def _reader(model: str) -> Callable[[bytes, Mapping[str, str]], Batch]:
    def read(data: bytes, _: Mapping[str, str]) -> Batch:
        body = loads(data)
        counts = body.get("request_counts") or {}
        batch = Batch(
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
        return replace(batch, answers=(*batch.results, *_missing(batch)))

    return read


def _missing(batch: Batch) -> list[Exception]:
    """Build an error for each conversation without a result in a finished batch."""
    count = batch.total - len(batch.results)
    if not batch.done or count <= 0:
        return []
    from llmaas.errors import APIError

    reason = (batch.error or {}).get("message", "no reason was given")
    text = f"Batch {batch.id} {batch.status} without this answer: {reason}"
    return [APIError.build(text, body=batch.error) for _ in range(count)]


def _result(item: Mapping[str, Any], model: str) -> Completion | Exception:
    error = item.get("error")
    if error and not item.get("choices"):
        return _error(error)
    events: list[Event] = []
    assembler = CompletionAccumulator(Context(requested_model=model, seed=str(item.get("id"))))
    try:
        assembler.feed(item, events)
    except ChoiceFailed as failed:
        return _error(failed.error)
    assembler.finish(events)
    return assembler.completion()


def _error(error: object) -> Exception:
    from llmaas.errors import APIError

    body = from_mapping(error)
    return APIError.build(f"This conversation failed: {body.message}", type=body.type, body=error)
