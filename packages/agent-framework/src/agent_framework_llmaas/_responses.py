"""Conversion of the core's completions and events to responses and updates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from agent_framework import (
    ChatResponse,
    ChatResponseUpdate,
    Content,
    FinishReason,
    Message,
    UsageDetails,
)

import llmaas
from llmaas import adapters
from llmaas.adapters import created_at

if TYPE_CHECKING:
    from llmaas import AsyncStream, Completion, ToolCall, ToolCallDelta, Usage

_USAGE_NAMES = {
    "input_token_count": "prompt_tokens",
    "output_token_count": "completion_tokens",
    "total_token_count": "total_tokens",
    "reasoning_output_token_count": "reasoning_tokens",
    "cache_read_input_token_count": "cached_tokens",
}


def to_response(completion: Completion, response_format: Any = None) -> ChatResponse[Any]:
    """Convert a completion; it is also the ``raw_representation``."""
    messages = [_to_message(choice, completion) for choice in completion.choices]
    return ChatResponse(
        messages=messages,
        response_id=completion.id,
        model=completion.model,
        created_at=_created_at(completion),
        finish_reason=_finish_reason(completion),
        usage_details=usage_details(completion.usage),
        value=completion.parsed,
        response_format=response_format,
        additional_properties=_properties(completion),
        raw_representation=completion,
    )


async def to_updates(
    stream: AsyncStream, response_format: Any = None
) -> AsyncIterator[ChatResponseUpdate]:
    """Yield one update per event; the last has usage, finish reason and properties.

    A Markdown fence around JSON is removed, because the framework parses the text.
    """
    fence = adapters.strip_fence(response_format)
    calls = _PendingToolCalls()
    identity: dict[str, Any] = {}
    async for event in stream:
        if not identity:
            identity = _identity(stream.completion)
        if event.type == "tool_call":
            contents = calls.add(event)
        elif event.type == "done":
            rest = fence.finish(event.completion)
            contents_left = calls.finish(event.completion) + (
                [Content("text", text=rest)] if rest else []
            )
            yield _final_update(event.completion, identity, contents_left)
            return
        elif event.type == "reasoning":
            contents = [Content("text_reasoning", text=event.text)]
        else:
            text = fence.feed(event.text)
            contents = [Content("text", text=text)] if text else []
        if contents:
            yield ChatResponseUpdate(contents=tuple(contents), role="assistant", **identity)


class _PendingToolCalls:
    """Tool calls of a stream. Deltas of the last call are held until it is complete.

    The framework would run a call with truncated arguments, using its defaults.
    """

    def __init__(self) -> None:
        self._ids: dict[int, str] = {}
        self._waiting: list[tuple[int, Content]] = []

    def add(self, event: ToolCallDelta) -> list[Content]:
        """Add a delta; return deltas of earlier calls."""
        # Every delta carries the id, because deltas of several calls may alternate.
        call_id = self._ids.setdefault(event.position, event.id or "")
        delta = Content(
            "function_call", call_id=call_id, name=event.name or "", arguments=event.arguments
        )
        last = max(self._ids)
        earlier = [content for position, content in self._waiting if position != last]
        self._waiting = [each for each in self._waiting if each[0] == last]
        if event.position != last:
            return [*earlier, delta]
        self._waiting.append((event.position, delta))
        return earlier

    def finish(self, completion: Completion) -> list[Content]:
        """Return the held deltas, and an error for each truncated call."""
        tool_calls = completion.tool_calls
        complete = [content for position, content in self._waiting if not tool_calls[position].cut]
        return complete + [_truncated_call_error(call) for call in tool_calls if call.cut]


def usage_details(usage: Usage | None) -> UsageDetails | None:
    """Convert usage to the framework's names; unknown counters keep their names."""
    if usage is None:
        return None
    counters = {name: getattr(usage, field) for name, field in _USAGE_NAMES.items()}
    extra = {name: value for name, value in usage.extra.items() if type(value) is int}
    known = {name: value for name, value in counters.items() if value is not None}
    details: Any = {**extra, **known}
    return details  # type: ignore[no-any-return]


def _final_update(
    completion: Completion, identity: dict[str, Any], contents: list[Content]
) -> ChatResponseUpdate:
    """Build the last update of a stream."""
    first = completion.choices[0] if completion.choices else llmaas.Choice()
    if first.refusal:
        contents.append(_refusal(first.refusal))
    if (details := usage_details(completion.usage)) is not None:
        contents.append(Content.from_usage(details))
    return ChatResponseUpdate(
        contents=contents,
        role="assistant",
        finish_reason=_finish_reason(completion),
        additional_properties=_properties(completion),
        raw_representation=completion,
        **(identity or _identity(completion)),
    )


def _to_message(choice: llmaas.Choice, completion: Completion) -> Message:
    contents = []
    if choice.reasoning:
        contents.append(Content.from_text_reasoning(text=choice.reasoning))
    if choice.content:
        contents.append(Content.from_text(choice.content))
    if choice.refusal:
        contents.append(_refusal(choice.refusal))
    contents += [
        _truncated_call_error(call)
        if call.cut
        else Content.from_function_call(call.id, call.name, arguments=call.arguments)
        for call in choice.tool_calls
    ]
    return Message("assistant", contents, message_id=completion.id)


def _truncated_call_error(call: ToolCall) -> Content:
    """Build an error in place of a call that the framework must not run."""
    return Content.from_error(
        message=f"The call of {call.name!r} was truncated. Raise max_tokens.",
        error_code="truncated_tool_call",
        error_details=call.arguments,
    )


def _refusal(text: str) -> Content:
    return Content.from_text(text, additional_properties={"refusal": True})


def _identity(completion: Completion) -> dict[str, Any]:
    """Return the fields that every update of a stream repeats."""
    return {
        "response_id": completion.id,
        "message_id": completion.id,
        "model": completion.model,
        "created_at": _created_at(completion),
    }


def _properties(completion: Completion) -> dict[str, Any]:
    """Return metadata without a field in the framework, as plain values."""
    logprobs = completion.choices[0].logprobs if completion.choices else None
    return completion.metadata() | ({} if logprobs is None else {"logprobs": logprobs})


def _finish_reason(completion: Completion) -> FinishReason | None:
    reason = completion.finish_reason
    return None if reason is None else FinishReason(reason)


def _created_at(completion: Completion) -> str | None:
    created = created_at(completion)
    return None if created is None else created.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
