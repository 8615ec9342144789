"""Conversion of stream events to Pydantic AI events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic_ai.messages import ModelResponseStreamEvent
from pydantic_ai.models import StreamedResponse

from llmaas.adapters import created_at
from pydantic_ai_llmaas import responses
from pydantic_ai_llmaas.connection import NAME
from pydantic_ai_llmaas.errors import translate_errors

if TYPE_CHECKING:
    from llmaas import AsyncStream, Completion, Event
    from llmaas.adapters import FenceStripper


@dataclass
class LLMaaSStreamedResponse(StreamedResponse):
    """Streamed response. Usage, cost and finish reason are set at its end."""

    stream: AsyncStream
    requested_model: str
    base_url: str
    fence: FenceStripper
    """Filter that removes the Markdown fence from JSON answers."""
    _model: str | None = field(default=None, init=False)
    _created: datetime = field(default_factory=lambda: datetime.now(UTC), init=False)

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        with translate_errors(model_name=self.requested_model):
            try:
                async for event in self.stream:
                    if self._model is None:
                        self._model = self.stream.completion.model
                    for each in self._add(event):
                        yield each
            except Exception as error:
                if completion := getattr(error, "completion", None):
                    self._tell(completion)
                raise

    def _add(self, event: Event) -> Iterator[ModelResponseStreamEvent]:
        parts = self._parts_manager
        if event.type == "text":
            if text := self.fence.feed(event.text):
                yield from parts.handle_text_delta(vendor_part_id=None, content=text)
        elif event.type == "reasoning":
            yield from parts.handle_thinking_delta(vendor_part_id=None, content=event.text)
        elif event.type == "done":
            yield from self._end(event.completion)
        else:
            yield from parts.handle_tool_call_delta_events(
                vendor_part_id=event.position,
                tool_name=event.name,
                args=event.arguments or None,
                tool_call_id=event.id,
            )

    def _end(self, completion: Completion) -> Iterator[ModelResponseStreamEvent]:
        if rest := self.fence.finish(completion):
            yield from self._parts_manager.handle_text_delta(vendor_part_id=None, content=rest)
        for position, call in enumerate(completion.tool_calls):
            if call.cut:  # its fragments may form valid JSON
                yield self._parts_manager.handle_tool_call_part(
                    vendor_part_id=position,
                    tool_name=call.name,
                    args=responses.tool_call_arguments(call),
                    tool_call_id=call.id,
                )
        self._tell(completion)

    def _tell(self, completion: Completion) -> None:
        """Set the values that are known only at the end of a stream."""
        self._usage = responses.to_usage(completion.usage)
        self._created = created_at(completion) or self._created
        self.provider_response_id = completion.id
        self.provider_details = responses.provider_details(completion)
        self.finish_reason = responses.finish_reason(completion)

    async def close_stream(self) -> None:
        """Close the connection."""
        await self.stream.close()

    def get_stream_cancel_errors(self) -> tuple[type[BaseException], ...]:
        """Return the errors that closing the connection may cause."""
        from llmaas.errors import APIConnectionError

        return (APIConnectionError,)

    @property
    def model_name(self) -> str:
        """The model that answers; the requested model before the first event."""
        return self._model or self.requested_model

    @property
    def provider_name(self) -> str:
        """The provider name."""
        return NAME

    @property
    def provider_url(self) -> str:
        """The address of the service."""
        return self.base_url

    @property
    def timestamp(self) -> datetime:
        """The time of the answer."""
        return self._created
