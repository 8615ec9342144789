"""The core's answers and events as the framework's responses and updates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from agent_framework import (
    ChatResponse,
    ChatResponseUpdate,
    Content,
    FinishReason,
    Message,
    UsageDetails,
)

from llmaas import (
    AsyncStream,
    Choice,
    Completion,
    Done,
    ReasoningDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from llmaas.adapters import created_at, strip_fence

_USAGE_NAMES = {
    "input_token_count": "prompt_tokens",
    "output_token_count": "completion_tokens",
    "total_token_count": "total_tokens",
    "reasoning_output_token_count": "reasoning_tokens",
    "cache_read_input_token_count": "cached_tokens",
}


def response_of(completion: Completion, response_format: Any = None) -> ChatResponse[Any]:
    """Return a whole answer; ``raw_representation`` is the core's ``Completion``."""
    messages = [_message(choice, completion) for choice in completion.choices]
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


async def updates_of(
    stream: AsyncStream, response_format: Any = None
) -> AsyncIterator[ChatResponseUpdate]:
    """Yield one update an event, and at the end usage, finish reason and properties.

    JSON comes without a fence, since the framework reads the value from the text.
    """
    fence = strip_fence(response_format)
    calls = _Calls()
    identity: dict[str, Any] = {}
    async for event in stream:
        if not identity:
            identity = _identity(stream.completion)
        if isinstance(event, ToolCallDelta):
            contents = calls.add(event)
        elif isinstance(event, Done):
            rest = fence.finish(event.completion)
            said = calls.end(event.completion) + ([Content("text", text=rest)] if rest else [])
            yield _last(event.completion, identity, said)
            return
        elif isinstance(event, ReasoningDelta):
            contents = [Content("text_reasoning", text=event.text)]
        else:
            text = fence.feed(event.text)
            contents = [Content("text", text=text)] if text else []
        if contents:
            yield ChatResponseUpdate(contents=tuple(contents), role="assistant", **identity)


class _Calls:
    """Tool calls of a stream: the pieces of the last one wait until it is known to be whole.

    The framework runs a call whose arguments are broken off, with its defaults.
    """

    def __init__(self) -> None:
        self._ids: dict[int, str] = {}
        self._waiting: list[tuple[int, Content]] = []

    def add(self, event: ToolCallDelta) -> list[Content]:
        """Take a piece; return those of earlier calls."""
        # Every piece carries the id, so that pieces of several calls may alternate.
        call_id = self._ids.setdefault(event.position, event.id or "")
        piece = Content(
            "function_call", call_id=call_id, name=event.name or "", arguments=event.arguments
        )
        last = max(self._ids)
        before = [content for position, content in self._waiting if position != last]
        self._waiting = [each for each in self._waiting if each[0] == last]
        if event.position != last:
            return [*before, piece]
        self._waiting.append((event.position, piece))
        return before

    def end(self, completion: Completion) -> list[Content]:
        """Return what waited, and an error for each call that was cut."""
        made = completion.tool_calls
        good = [content for position, content in self._waiting if not made[position].cut]
        return good + [_cut(call) for call in made if call.cut]


def usage_details(usage: Usage | None) -> UsageDetails | None:
    """Return usage by the framework's names; counters it has no name for keep theirs."""
    if usage is None:
        return None
    named = {name: getattr(usage, ours) for name, ours in _USAGE_NAMES.items()}
    extra = {name: value for name, value in usage.extra.items() if type(value) is int}
    known = {name: value for name, value in named.items() if value is not None}
    details: Any = {**extra, **known}
    return details  # type: ignore[no-any-return]


def _last(
    completion: Completion, identity: dict[str, Any], contents: list[Content]
) -> ChatResponseUpdate:
    """Return what only the end of a stream tells."""
    first = completion.choices[0] if completion.choices else Choice()
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


def _message(choice: Choice, completion: Completion) -> Message:
    contents = []
    if choice.reasoning:
        contents.append(Content.from_text_reasoning(text=choice.reasoning))
    if choice.content:
        contents.append(Content.from_text(choice.content))
    if choice.refusal:
        contents.append(_refusal(choice.refusal))
    contents += [
        _cut(call)
        if call.cut
        else Content.from_function_call(call.id, call.name, arguments=call.arguments)
        for call in choice.tool_calls
    ]
    return Message("assistant", contents, message_id=completion.id)


def _cut(call: ToolCall) -> Content:
    """Return an error in place of a call that the framework must not run."""
    return Content.from_error(
        message=f"The call of {call.name!r} was truncated. Raise max_tokens.",
        error_code="truncated_tool_call",
        error_details=call.arguments,
    )


def _refusal(text: str) -> Content:
    return Content.from_text(text, additional_properties={"refusal": True})


def _identity(completion: Completion) -> dict[str, Any]:
    """Return what every update of a stream repeats."""
    return {
        "response_id": completion.id,
        "message_id": completion.id,
        "model": completion.model,
        "created_at": _created_at(completion),
    }


def _properties(completion: Completion) -> dict[str, Any]:
    """Return what the framework has no field for, as plain values; absent ones are left out."""
    logprobs = completion.choices[0].logprobs if completion.choices else None
    return completion.metadata() | ({} if logprobs is None else {"logprobs": logprobs})


def _finish_reason(completion: Completion) -> FinishReason | None:
    reason = completion.finish_reason
    return None if reason is None else FinishReason(reason)


def _created_at(completion: Completion) -> str | None:
    created = created_at(completion)
    return None if created is None else created.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
