"""Conversion of completions to Pydantic AI responses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic_ai.messages import (
    FinishReason,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)
from pydantic_ai.usage import RequestUsage

from llmaas.adapters import created_at
from pydantic_ai_llmaas.connection import NAME

if TYPE_CHECKING:
    from llmaas import Completion, ToolCall, Usage

_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_call",
    "function_call": "tool_call",
    "content_filter": "content_filter",
}


def to_response(completion: Completion, base_url: str) -> ModelResponse:
    """Convert a completion."""
    return ModelResponse(
        parts=_response_parts(completion),
        usage=to_usage(completion.usage),
        model_name=completion.model,
        timestamp=created_at(completion) or datetime.now(UTC),
        provider_name=NAME,
        provider_url=base_url,
        provider_response_id=completion.id,
        provider_details=provider_details(completion),
        finish_reason=finish_reason(completion),
    )


def _response_parts(completion: Completion) -> list[ModelResponsePart]:
    parts: list[ModelResponsePart] = []
    if completion.reasoning:
        parts.append(ThinkingPart(completion.reasoning))
    if completion.text:
        parts.append(TextPart(completion.text))
    parts += [
        ToolCallPart(call.name, tool_call_arguments(call), tool_call_id=call.id)
        for call in completion.tool_calls
    ]
    return parts


def tool_call_arguments(call: ToolCall) -> str:
    """Return a call's arguments, as invalid JSON for a truncated call so that it cannot run.

    The agent then has the model repeat the call, or raises ``IncompleteToolCall``.
    """
    if not call.cut:
        return call.arguments
    try:
        json.loads(call.arguments)
    except ValueError:
        return call.arguments or "{"
    return call.arguments.rstrip()[:-1] or "{"


def to_usage(usage: Usage | None) -> RequestUsage:
    """Convert token counts. ``details`` holds counters that have no field.

    A response without usage counts as an unmeasured request.
    """
    if usage is None:
        return RequestUsage(unmeasured_requests=1)
    provider_details = {name: value for name, value in usage.extra.items() if type(value) is int}
    if usage.reasoning_tokens is not None:
        provider_details["reasoning_tokens"] = usage.reasoning_tokens
    return RequestUsage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        cache_read_tokens=usage.cached_tokens or 0,
        output_reasoning_tokens=usage.reasoning_tokens or 0,
        details=provider_details,
    )


def finish_reason(completion: Completion) -> FinishReason | None:
    """Convert the finish reason to Pydantic AI's name, or to None if it has no name for it."""
    if completion.choices and completion.choices[0].refusal:
        return "content_filter"
    return _FINISH.get(completion.finish_reason or "")


def provider_details(completion: Completion) -> dict[str, Any]:
    """Collect the JSON values for which a response has no field. Absent values are omitted."""
    first = completion.choices[0] if completion.choices else None
    values = {
        "finish_reason": completion.finish_reason,
        "refusal": first.refusal if first else None,
        "logprobs": first.logprobs if first else None,
    }
    known = {name: value for name, value in values.items() if value is not None}
    return known | completion.metadata()
