"""Conversion of completions and stream events to OpenAI's response format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from llmaas import Choice, Completion, Done, Event, ReasoningDelta, TextDelta, ToolCallDelta


def whole(completion: Completion) -> dict[str, Any]:
    """Convert a completion. ``cost_eur`` and ``backend`` extend OpenAI's fields."""
    return {
        **head(completion, "chat.completion"),
        "choices": [_choice(choice) for choice in completion.choices],
        **bill(completion),
    }


def chunks(event: Event, start: dict[str, Any], *, usage: bool) -> Iterator[dict[str, Any]]:
    """Convert an event to chunks. ``Done`` becomes finish reasons, then usage."""
    if isinstance(event, Done):
        for choice in event.completion.choices:
            yield {**start, "choices": [_delta(choice.index, {}, choice.finish_reason or "stop")]}
        if usage:
            yield {**start, "choices": [], **bill(event.completion)}
    else:
        yield {**start, "choices": [_piece(event)]}


def head(completion: Completion, kind: str) -> dict[str, Any]:
    """Build the fields that completions and chunks share."""
    return {
        "id": completion.id,
        "object": kind,
        "created": completion.created or 0,
        "model": completion.model,
    }


def bill(completion: Completion) -> dict[str, Any]:
    """Build the usage, the cost and the machine of a completion."""
    usage, backend = completion.usage, completion.backend
    counted = None
    if usage is not None:
        counted = {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "total_tokens": usage.total_tokens,
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        }
    return {
        "usage": counted,
        "cost_eur": completion.cost,
        "backend": asdict(backend) if backend else None,
    }


def _choice(choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": choice.content}
    if choice.reasoning:
        message["reasoning_content"] = choice.reasoning
    if choice.refusal:
        message["refusal"] = choice.refusal
    if choice.tool_calls:
        message["tool_calls"] = [
            _call(call.id, call.name, call.arguments) for call in choice.tool_calls
        ]
    return {
        "index": choice.index,
        "message": message,
        "finish_reason": choice.finish_reason,
        "logprobs": choice.logprobs,
    }


def _piece(event: TextDelta | ReasoningDelta | ToolCallDelta) -> dict[str, Any]:
    if isinstance(event, ReasoningDelta):
        return _delta(event.index, {"reasoning_content": event.text})
    if isinstance(event, ToolCallDelta):
        call = _call(event.id, event.name, event.arguments)
        return _delta(event.index, {"tool_calls": [{"index": event.position, **call}]})
    return {**_delta(event.index, {"content": event.text}), "logprobs": event.logprobs}


def _delta(index: int, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "finish_reason": finish_reason}


def _call(id_: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    """Build a tool call or a fragment of one. Absent fields are omitted."""
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    return {"id": id_, "type": "function", "function": function} if id_ else {"function": function}
