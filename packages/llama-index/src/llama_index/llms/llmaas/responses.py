"""Conversion of completions to LlamaIndex responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    LogProb,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

import llmaas
from llama_index.llms.llmaas.cost import emit_cost
from llmaas.adapters import split_tool_calls

if TYPE_CHECKING:
    from llmaas import Completion, ToolCall


def to_response(completion: Completion, *, delta: str | None = None) -> ChatResponse:
    """Convert a completion and emit its cost."""
    cost, counts = completion.cost_micro_eur, _counts(completion)
    emit_cost("chat", completion.model, cost, completion.usage)
    choice = completion.choices[0] if completion.choices else llmaas.Choice()
    return ChatResponse(
        message=_message(choice, completion),
        raw=_raw(completion, cost, counts),
        delta=delta,
        logprobs=_logprobs(choice.logprobs),
        additional_kwargs=_metadata(completion, cost, counts),
    )


class StreamedResponse:
    """Converter of one stream's events to responses. Each response holds all text so far."""

    def __init__(self) -> None:
        self._text = self._reasoning = ""

    def convert(self, event: Any) -> ChatResponse | None:
        """Convert one event to a response, or to None for a fragment of a tool call.

        The last response holds the complete tool calls, because a fragment must not run.
        """
        if event.type == "text":
            self._text += event.text
            return self._partial(event.text, {})
        if event.type == "reasoning":
            self._reasoning += event.text
            return self._partial("", {"thinking_delta": event.text})
        return to_response(event.completion, delta="") if event.type == "done" else None

    def _partial(self, delta: str, extra: dict[str, Any]) -> ChatResponse:
        blocks: list[Any] = []
        if self._reasoning:
            blocks.append(ThinkingBlock(content=self._reasoning))
        blocks.append(TextBlock(text=self._text))
        message = ChatMessage(role=MessageRole.ASSISTANT, blocks=blocks)
        return ChatResponse(message=message, delta=delta, additional_kwargs=extra)


def _message(choice: llmaas.Choice, completion: Completion) -> ChatMessage:
    usage = completion.usage
    blocks: list[Any] = []
    extra: dict[str, Any] = {}
    if choice.reasoning:
        tokens = usage.reasoning_tokens if usage else None
        blocks.append(ThinkingBlock(content=choice.reasoning, num_tokens=tokens))
    if choice.content or not choice.tool_calls:
        blocks.append(TextBlock(text=choice.content or ""))
    valid, invalid = split_tool_calls(choice)
    blocks += [
        ToolCallBlock(tool_call_id=call.id, tool_name=call.name, tool_kwargs=arguments)
        for call, arguments in valid
    ]
    if valid:  # LlamaIndex's streamed programs look for calls here only
        extra["tool_calls"] = [_function_call(call) for call, _ in valid]
    if invalid:
        extra["invalid_tool_calls"] = [_invalid(call, error) for call, error in invalid]
    if choice.refusal:
        extra["refusal"] = choice.refusal
    return ChatMessage(role=MessageRole.ASSISTANT, blocks=blocks, additional_kwargs=extra)


def _function_call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _invalid(call: ToolCall, error: ValueError) -> dict[str, Any]:
    """Describe a call that must not run: truncated, or with arguments that are not JSON."""
    facts = {"id": call.id, "name": call.name, "arguments": call.arguments}
    return {**facts, "error": str(error)}


def _metadata(
    completion: Completion, cost: int | None, counts: dict[str, int] | None
) -> dict[str, Any]:
    """Collect usage, cost and provenance. ``parsed`` is the structured value."""
    facts: dict[str, Any] = {
        "finish_reason": completion.finish_reason,
        "cost_micro_eur": cost,
        "parsed": completion.parsed,
    }
    known = {name: fact for name, fact in facts.items() if fact is not None}
    return {**known, **(counts or {}), **completion.metadata()}


_COUNTS = (
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "reasoning_tokens",
    "cached_tokens",
)


def _raw(completion: Completion, cost: int | None, counts: dict[str, int] | None) -> dict[str, Any]:
    """Build the JSON values that token counters and agents read from a raw response."""
    return {
        "id": completion.id,
        "model": completion.model,
        "created": completion.created,
        "finish_reason": completion.finish_reason,
        "usage": counts,
        "cost_micro_eur": cost,
    }


def _counts(completion: Completion) -> dict[str, int] | None:
    usage = completion.usage
    if usage is None:
        return None
    counts = ((name, getattr(usage, name)) for name in _COUNTS)
    return {name: count for name, count in counts if count is not None}


def _logprobs(logprobs: Any) -> list[list[LogProb]] | None:
    """Convert the log probabilities of each token and its alternatives."""
    content = (logprobs or {}).get("content")
    if not content:
        return None
    return [
        [_logprob(each) for each in (token.get("top_logprobs") or [token])] for token in content
    ]


def _logprob(token: Any) -> LogProb:
    return LogProb(
        token=token.get("token") or "",
        logprob=token.get("logprob") or 0.0,
        bytes=token.get("bytes") or [],
    )
