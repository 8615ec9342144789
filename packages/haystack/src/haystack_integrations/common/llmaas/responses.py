"""Conversion of completions and stream events to Haystack's messages and chunks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from haystack import logging
from haystack.dataclasses import (
    ChatMessage,
    ComponentInfo,
    FinishReason,
    ReasoningContent,
    StreamingChunk,
    ToolCall,
    ToolCallDelta,
)

from llmaas import adapters
from llmaas.adapters import split_tool_calls

if TYPE_CHECKING:
    from llmaas import AsyncStream, Choice, Completion, Event, Stream, Usage

logger = logging.getLogger(__name__)

_FINISH_REASONS: dict[str | None, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}


def to_messages(completion: Completion, **meta: Any) -> list[ChatMessage]:
    """Convert each choice to a message, and add ``meta`` to their ``meta``."""
    replies = [
        _to_message(choice, {**_shared_meta(completion), **meta}) for choice in completion.choices
    ]
    for reply in replies:
        _warn_if_truncated(reply.meta)
    return replies


def keep_json(completion: Completion) -> Completion:
    """Reduce the text of a streamed structured answer to its JSON."""
    if completion.parsed is None or adapters.is_json(completion.text):
        return completion
    first, *others = completion.choices
    text = json.dumps(completion.parsed, ensure_ascii=False)
    return replace(completion, choices=(replace(first, content=text), *others))


def to_usage(usage: Usage | None) -> dict[str, Any]:
    """Convert token counts. Nothing else is added: an Agent sums every number it finds here."""
    if usage is None:
        return {}
    counts: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }
    for name in ("prompt_tokens_details", "completion_tokens_details"):
        if details := _select_integers(usage.extra.get(name)):
            counts[name] = details
    if usage.reasoning_tokens is not None:
        details = counts.setdefault("completion_tokens_details", {})
        details["reasoning_tokens"] = usage.reasoning_tokens
    return counts


def _to_message(choice: Choice, shared: Mapping[str, Any]) -> ChatMessage:
    meta = {
        "model": shared["model"],
        "index": choice.index,
        "finish_reason": choice.finish_reason,
        **shared,
    }
    calls, invalid = _tool_calls(choice)
    optional = {
        "logprobs": choice.logprobs,
        "refusal": choice.refusal,
        "invalid_tool_calls": invalid,
    }
    meta.update({name: value for name, value in optional.items() if value})
    return ChatMessage.from_assistant(
        text=choice.content or (None if calls else ""),
        tool_calls=calls,
        reasoning=_to_reasoning(choice),
        meta=meta,
    )


def _to_reasoning(choice: Choice) -> ReasoningContent | None:
    if not choice.reasoning:
        return None
    return ReasoningContent(choice.reasoning, extra={"field": choice.reasoning_field})


def _tool_calls(choice: Choice) -> tuple[list[ToolCall], list[dict[str, Any]]]:
    """Return the valid calls, and the raw calls whose arguments are not a JSON object."""
    valid, invalid = split_tool_calls(choice)
    for call, _ in invalid:
        logger.warning(
            "The model returned a malformed JSON string for tool call arguments. The call is "
            "skipped and kept in meta['invalid_tool_calls']. To always generate a valid JSON, "
            "set `tools_strict` to `True`. Tool call ID: {_id}, Tool name: {_name}, "
            "Arguments: {_arguments}",
            _id=call.id,
            _name=call.name,
            _arguments=call.arguments,
        )
    calls = [ToolCall(id=call.id, tool_name=call.name, arguments=args) for call, args in valid]
    return calls, [asdict(call) for call, _ in invalid]


def _shared_meta(completion: Completion) -> dict[str, Any]:
    meta: dict[str, Any] = {"model": completion.model, "usage": to_usage(completion.usage)}
    if completion.id is not None:
        meta["id"] = completion.id
    return meta | completion.metadata()


def _select_integers(details: Any) -> dict[str, int]:
    if not isinstance(details, Mapping):
        return {}
    return {key: value for key, value in details.items() if type(value) is int}


def _warn_if_truncated(meta: Mapping[str, Any]) -> None:
    if meta["finish_reason"] == "length":
        logger.warning(
            "The completion for index {index} has been truncated before reaching a natural "
            "stopping point. Increase the max_completion_tokens parameter to allow for longer "
            "completions.",
            index=meta["index"],
        )
    if meta["finish_reason"] == "content_filter":
        logger.warning(
            "The completion for index {index} has been truncated due to the content filter.",
            index=meta["index"],
        )


def blocked_reply(error: Any, model: str) -> ChatMessage:
    """Build a reply for a blocked prompt, with the finish reason ``content_filter``."""
    meta = {
        "model": model,
        "index": 0,
        "finish_reason": "content_filter",
        "usage": {},
        "error": {"code": error.code, "type": error.type, "message": error.message},
    }
    if error.request_id:
        meta["request_id"] = error.request_id
    return ChatMessage.from_assistant("", meta=json.loads(json.dumps(meta)))


class ChunkBuilder:
    """Builds one chunk per stream event. A chunk holds text, reasoning or a tool call.

    Content blocks are numbered in order of appearance: reasoning, text and each tool call are
    separate blocks, and ``start`` marks the first chunk of a block.
    """

    def __init__(self, info: ComponentInfo, stream: Stream | AsyncStream) -> None:
        self._info = info
        self._stream = stream
        self._model: str | None = None
        self._block = ""
        self._index = -1
        self._calls: dict[int, int] = {}
        self.started_at: str | None = None
        """Time of the first event, in ISO 8601 format."""

    def build(self, event: Event) -> StreamingChunk:
        """Build the chunk of an event."""
        now = datetime.now().isoformat()
        if self._model is None:
            self._model, self.started_at = self._stream.completion.model, now
        if event.type == "done":
            return self._end(event.completion, now)
        meta: dict[str, Any] = {"model": self._model, "index": event.index, "received_at": now}
        if event.type == "tool_call":
            start = event.position not in self._calls and self._enter("tool_call", is_new=True)
            index = self._calls.setdefault(event.position, self._index)
            call = ToolCallDelta(event.position, event.name, event.arguments or None, event.id)
            return StreamingChunk("", meta, self._info, index, [call], start=start)
        start = self._enter(event.type)
        if event.type == "reasoning":
            thought = ReasoningContent(event.text)
            return StreamingChunk("", meta, self._info, self._index, start=start, reasoning=thought)
        if event.logprobs:
            meta["logprobs"] = event.logprobs
        return StreamingChunk(event.text, meta, self._info, self._index, start=start)

    def _enter(self, block: str, *, is_new: bool = False) -> bool:
        """Enter the block of a chunk; return whether it is a new block."""
        if block == self._block and not is_new:
            return False
        self._block = block
        self._index += 1
        return True

    def _end(self, completion: Completion, now: str) -> StreamingChunk:
        reason = completion.finish_reason
        meta = {
            "model": completion.model,
            "index": 0,
            "finish_reason": reason,
            "received_at": now,
            "usage": to_usage(completion.usage),
        }
        return StreamingChunk("", meta, self._info, finish_reason=_FINISH_REASONS.get(reason))
