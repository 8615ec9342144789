"""The core's completions and events as contents of Semantic Kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from semantic_kernel.contents import (
    ChatMessageContent,
    FunctionCallContent,
    StreamingChatMessageContent,
    StreamingTextContent,
    TextContent,
)
from semantic_kernel.contents.reasoning_content import ReasoningContent
from semantic_kernel.contents.streaming_reasoning_content import StreamingReasoningContent
from semantic_kernel.contents.utils.author_role import AuthorRole
from semantic_kernel.contents.utils.finish_reason import FinishReason

from llmaas import adapters
from semantic_kernel_llmaas._metadata import choice_metadata, completion_metadata
from semantic_kernel_llmaas.messages import REASONING

if TYPE_CHECKING:
    from llmaas import (
        Choice,
        Completion,
        Done,
        Event,
        ReasoningDelta,
        TextDelta,
        ToolCall,
        ToolCallDelta,
    )
    from llmaas.adapters import FenceStripper

ReasoningPlace: TypeAlias = Literal["metadata", "content"]
"""Where reasoning appears: always in the metadata, with ``content`` also among the items."""

_FINISH_REASONS = {reason.value: reason for reason in FinishReason}


def to_messages(
    completion: Completion, ai_model_id: str, place: ReasoningPlace
) -> list[ChatMessageContent]:
    """Convert a completion to one message per choice."""
    shared = completion_metadata(completion)
    return [
        ChatMessageContent(
            role=AuthorRole.ASSISTANT,
            items=_message_items(choice, place),
            ai_model_id=ai_model_id,
            finish_reason=to_finish_reason(choice),
            metadata=shared | choice_metadata(choice),
            inner_content=completion,
        )
        for choice in completion.choices
    ]


def choice_text(choice: Choice) -> str:
    """Return the text, or the text of a refusal."""
    return choice.content or choice.refusal or ""


def to_finish_reason(choice: Choice) -> FinishReason | None:
    """Convert a finish reason; one that Semantic Kernel does not define becomes ``STOP``."""
    if choice.finish_reason is None:
        return None
    return _FINISH_REASONS.get(choice.finish_reason, FinishReason.STOP)


def to_function_call(call: ToolCall, position: int) -> FunctionCallContent:
    """Convert a tool call; Semantic Kernel splits the name into plugin and function."""
    return FunctionCallContent(
        id=call.id, index=position, name=call.name, arguments=call.arguments or "{}"
    )


def _message_items(choice: Choice, place: ReasoningPlace) -> list[Any]:
    items: list[Any] = []
    if place == "content" and choice.reasoning:
        items.append(ReasoningContent(text=choice.reasoning))
    if text := choice_text(choice):
        items.append(TextContent(text=text))
    return items + [to_function_call(call, n) for n, call in enumerate(choice.tool_calls)]


Chunk = StreamingChatMessageContent

REASONING_DELTA = "reasoning_delta"
MAX_CUMULATIVE_REASONING = 16_384
"""Longest reasoning, in characters, that every chunk repeats. Beyond it only the last chunk has the
whole: callers keep all chunks, so cumulative copies would take quadratic memory."""


class TextStream:
    """Text of one stream; JSON without the Markdown fence that some models put around it."""

    def __init__(self, response_format: Any) -> None:
        self._format = response_format
        self._fences: dict[int, FenceStripper] = {}

    def feed(self, event: TextDelta) -> str:
        """Return the part of a delta that can be emitted now."""
        fence = self._fences.get(event.index)
        if fence is None:
            fence = self._fences[event.index] = adapters.strip_fence(self._format)
        return fence.feed(event.text)

    def finish(self, choice: Choice) -> str:
        """Return text that no delta carried: a refusal, or what resembled a fence."""
        fence = self._fences.pop(choice.index, None)
        buffered = fence.finish(choice) if fence else ""
        return buffered or ("" if choice.content else choice.refusal or "")


class ChunkBuilder:
    """Converter from the events of one stream to chunks that add up to the whole answer."""

    def __init__(
        self, ai_model_id: str, place: ReasoningPlace, attempt: int, response_format: Any
    ) -> None:
        self._texts = TextStream(response_format)
        self._model = ai_model_id
        self._place = place
        self._attempt = attempt
        self._reasoning: dict[int, str] = {}
        self._call_ids: dict[tuple[int, int], str | None] = {}
        self._call_starts: dict[tuple[int, int], str] = {}
        self._builders: dict[str, Callable[[Any], Iterator[Chunk]]] = {
            "text": self._build_json_text,
            "reasoning": self._build_reasoning,
            "tool_call": self._build_tool_call,
            "done": self._build_final,
        }

    def build(self, event: Event) -> Iterator[Chunk]:
        """Build the chunks of an event. Text is treated as JSON; ``build_text`` is for the rest."""
        return self._builders[event.type](event)

    def build_text(self, event: TextDelta) -> Chunk:
        """Build the chunk of a text delta."""
        logprobs = event.logprobs
        return Chunk(
            role=AuthorRole.ASSISTANT,
            choice_index=event.index,
            content=event.text,
            ai_model_id=self._model,
            metadata={"logprobs": logprobs} if logprobs else None,
            function_invoke_attempt=self._attempt,
        )

    def _build_json_text(self, event: TextDelta) -> Iterator[Chunk]:
        if text := self._texts.feed(event):
            yield self.build_text(replace(event, text=text))

    def _build_reasoning(self, event: ReasoningDelta) -> Iterator[Chunk]:
        index = event.index
        reasoning = self._reasoning[index] = self._reasoning.get(index, "") + event.text
        metadata = {REASONING_DELTA: event.text}
        if len(reasoning) <= MAX_CUMULATIVE_REASONING:
            metadata[REASONING] = reasoning
        items: list[Any] = []
        if self._place == "content":
            item = StreamingReasoningContent(
                choice_index=index, text=event.text, ai_model_id=self._model
            )
            items = [item]
        yield self._chunk(index, items=items, metadata=metadata)

    def _build_tool_call(self, event: ToolCallDelta) -> Iterator[Chunk]:
        key = (event.index, event.position)
        is_first = key not in self._call_ids
        call_id = self._call_ids.setdefault(key, event.id)
        start = self._call_starts.get(key, "")
        if start == "{}" and event.arguments.isspace():
            return  # Semantic Kernel replaces {} by whatever follows it
        self._call_starts[key] = (start + event.arguments)[:3]
        for arguments in _split_arguments(event.arguments, is_first):
            item = FunctionCallContent(
                id=call_id,
                index=event.position,
                name=event.name,
                arguments=arguments,
                ai_model_id=self._model,
            )
            yield self._chunk(event.index, items=[item])

    def _build_final(self, event: Done) -> Iterator[Chunk]:
        """Build the last chunk of each choice: finish reason, usage and all metadata."""
        completion: Completion = event.completion
        shared = completion_metadata(completion)
        for choice in completion.choices:
            yield self._chunk(
                choice.index,
                items=self._remaining_text(choice),
                metadata=shared | choice_metadata(choice),
                finish_reason=to_finish_reason(choice),
                inner_content=completion,
            )

    def _remaining_text(self, choice: Choice) -> list[Any]:
        text = self._texts.finish(choice)
        if not text:
            return []
        return [StreamingTextContent(choice_index=choice.index, text=text, ai_model_id=self._model)]

    def _chunk(self, index: int, **fields: Any) -> Chunk:
        return Chunk(
            role=AuthorRole.ASSISTANT,
            choice_index=index,
            ai_model_id=self._model,
            function_invoke_attempt=self._attempt,
            **fields,
        )


def _split_arguments(arguments: str, is_first: bool) -> tuple[str, ...]:
    """Split ``{}`` in two where it continues a call: Semantic Kernel drops it when merging."""
    return ("{", "}") if arguments == "{}" and not is_first else (arguments,)
