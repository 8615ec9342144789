"""Events of a stream, made into Haystack's chunks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from haystack.dataclasses import (
    ComponentInfo,
    FinishReason,
    ReasoningContent,
    StreamingChunk,
    ToolCallDelta,
)

from haystack_integrations.common.llmaas.responses import to_usage
from llmaas import AsyncStream, Completion, Done, Event, Stream
from llmaas import ToolCallDelta as CoreToolCallDelta

_FINISH_REASONS: dict[str | None, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}


class ChunkBuilder:
    """Makes one chunk of each event. A chunk holds text, reasoning or a tool call.

    Blocks are numbered in order of appearance: what the model thinks, what it says, and each
    tool call are blocks of their own, and ``start`` marks the first chunk of one.
    """

    def __init__(self, info: ComponentInfo, stream: Stream | AsyncStream) -> None:
        self._info = info
        self._stream = stream
        self._model: str | None = None
        self._block = ""
        self._index = -1
        self._calls: dict[int, int] = {}
        self.started_at: str | None = None
        """When the first event came, as ISO 8601."""

    def build(self, event: Event) -> StreamingChunk:
        """Return the chunk for an event."""
        now = datetime.now().isoformat()
        if self._model is None:
            self._model, self.started_at = self._stream.completion.model, now
        if isinstance(event, Done):
            return self._end(event.completion, now)
        meta: dict[str, Any] = {"model": self._model, "index": event.index, "received_at": now}
        if isinstance(event, CoreToolCallDelta):
            start = event.position not in self._calls and self._enter("tool_call", anew=True)
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

    def _enter(self, block: str, *, anew: bool = False) -> bool:
        """Note which block a chunk belongs to; return whether it is the first of it."""
        if block == self._block and not anew:
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
