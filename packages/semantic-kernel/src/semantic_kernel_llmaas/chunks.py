"""From the core's events to chunks that merge into the whole answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from semantic_kernel.contents import (
    FunctionCallContent,
    StreamingChatMessageContent,
    StreamingTextContent,
)
from semantic_kernel.contents.streaming_reasoning_content import StreamingReasoningContent
from semantic_kernel.contents.utils.author_role import AuthorRole

from llmaas import Choice, Completion, Done, Event, ReasoningDelta, TextDelta, ToolCallDelta
from llmaas.adapters import FenceStripper, strip_fence
from semantic_kernel_llmaas.answers import (
    ReasoningPlace,
    finish_of,
    metadata_of,
    metadata_of_choice,
)
from semantic_kernel_llmaas.history import REASONING

Chunk = StreamingChatMessageContent

REASONING_DELTA = "reasoning_delta"
LONGEST_CUMULATIVE = 16_384
"""Characters of reasoning that every chunk repeats. Beyond, only the last chunk has the whole:
callers keep all chunks, and a copy of everything in each would grow with the square."""


class Texts:
    """Texts of one stream, JSON without the fence that some models put around it."""

    def __init__(self, response_format: Any) -> None:
        self._format = response_format
        self._fences: dict[int, FenceStripper] = {}

    def piece(self, event: TextDelta) -> str:
        """Return what of a piece may be handed out now."""
        fence = self._fences.get(event.index)
        if fence is None:
            fence = self._fences[event.index] = strip_fence(self._format)
        return fence.feed(event.text)

    def rest(self, choice: Choice) -> str:
        """Return text that had no event of its own: a refusal, or what looked like a fence."""
        fence = self._fences.pop(choice.index, None)
        held = fence.finish(choice) if fence else ""
        return held or ("" if choice.content else choice.refusal or "")


class Chunker:
    """Makes the chunks of one stream."""

    def __init__(
        self, ai_model_id: str, place: ReasoningPlace, attempt: int, response_format: Any
    ) -> None:
        self._texts = Texts(response_format)
        self._model = ai_model_id
        self._place = place
        self._attempt = attempt
        self._thought: dict[int, str] = {}
        self._calls: dict[tuple[int, int], str | None] = {}
        self._begun: dict[tuple[int, int], str] = {}
        self._makers: dict[str, Callable[[Any], Iterator[Chunk]]] = {
            "text": self._json,
            "reasoning": self._reasoning,
            "tool_call": self._call,
            "done": self._done,
        }

    def chunks(self, event: Event) -> Iterator[Chunk]:
        """Return the chunks of an event. Text is taken as JSON: all other text is for ``text``."""
        return self._makers[event.type](event)

    def text(self, event: TextDelta) -> Chunk:
        """Return the chunk of a piece of text."""
        logprobs = event.logprobs
        return Chunk(
            role=AuthorRole.ASSISTANT,
            choice_index=event.index,
            content=event.text,
            ai_model_id=self._model,
            metadata={"logprobs": logprobs} if logprobs else None,
            function_invoke_attempt=self._attempt,
        )

    def _json(self, event: TextDelta) -> Iterator[Chunk]:
        if text := self._texts.piece(event):
            yield self.text(replace(event, text=text))

    def _reasoning(self, event: ReasoningDelta) -> Iterator[Chunk]:
        thought = self._thought[event.index] = self._thought.get(event.index, "") + event.text
        metadata = {REASONING_DELTA: event.text}
        if len(thought) <= LONGEST_CUMULATIVE:
            metadata[REASONING] = thought
        items: list[Any] = []
        if self._place == "content":
            item = StreamingReasoningContent(
                choice_index=event.index, text=event.text, ai_model_id=self._model
            )
            items = [item]
        yield self._chunk(event.index, items=items, metadata=metadata)

    def _call(self, event: ToolCallDelta) -> Iterator[Chunk]:
        key = (event.index, event.position)
        first = key not in self._calls
        call_id = self._calls.setdefault(key, event.id)
        begun = self._begun.get(key, "")
        if begun == "{}" and event.arguments.isspace():
            return  # Semantic Kernel forgets {} for whatever follows it
        self._begun[key] = (begun + event.arguments)[:3]
        for piece in _pieces(event.arguments, first):
            item = FunctionCallContent(
                id=call_id,
                index=event.position,
                name=event.name,
                arguments=piece,
                ai_model_id=self._model,
            )
            yield self._chunk(event.index, items=[item])

    def _done(self, event: Done) -> Iterator[Chunk]:
        """Return the last chunk of each choice: finish reason, usage, and all metadata."""
        completion: Completion = event.completion
        shared = metadata_of(completion)
        for choice in completion.choices:
            yield self._chunk(
                choice.index,
                items=self._unsaid(choice.index, self._texts.rest(choice)),
                metadata=shared | metadata_of_choice(choice),
                finish_reason=finish_of(choice),
                inner_content=completion,
            )

    def _unsaid(self, index: int, text: str) -> list[Any]:
        if not text:
            return []
        return [StreamingTextContent(choice_index=index, text=text, ai_model_id=self._model)]

    def _chunk(self, index: int, **fields: Any) -> Chunk:
        return Chunk(
            role=AuthorRole.ASSISTANT,
            choice_index=index,
            ai_model_id=self._model,
            function_invoke_attempt=self._attempt,
            **fields,
        )


def _pieces(arguments: str, first: bool) -> tuple[str, ...]:
    """Cut ``{}`` in two where it continues a call: Semantic Kernel drops it when it merges."""
    return ("{", "}") if arguments == "{}" and not first else (arguments,)
