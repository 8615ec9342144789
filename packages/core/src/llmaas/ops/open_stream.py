"""Streams whose first events were received, and the interfaces of their parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from llmaas.ops.chat_request import ChatRequest
from llmaas.ops.effects import Operation
from llmaas.ops.hooked_calls import HookRunner
from llmaas.types import Attempt, Completion, Event
from llmaas.wire.failures import (
    ResponseFault,
    TransportFailure,
)


class EventDecoder(Protocol):
    """Decoder of a streamed answer: ``ChatDecoder``, or one that wraps it."""

    @property
    def over(self) -> bool:
        """Whether the answer has ended."""

    @property
    def finished(self) -> bool:
        """Whether every choice has its finish reason."""

    @property
    def fault(self) -> ResponseFault | None:
        """Why the answer is invalid or incomplete, None if it is neither."""

    @property
    def partial(self) -> Completion:
        """The answer as received so far."""

    @property
    def has_usage(self) -> bool:
        """Whether the usage was received."""

    @property
    def lacks_opening_tag(self) -> bool:
        """Whether reasoning ended by a tag that was never opened."""

    def feed(self, data: bytes) -> list[Event]:
        """Decode a read of any size."""

    def end(self, cause: TransportFailure | None = None) -> list[Event]:
        """Decode the end of the body."""


class FollowUp(Protocol):
    """A request that may follow an answer in the same stream (see ``ops.deferred_schema``)."""

    draft: Completion | None
    """The previous answer, once another request follows it."""

    def after(self, events: list[Event]) -> Operation[OpenStream] | None:
        """Return the next request after the last events of an answer, None if it was final."""


@dataclass(slots=True)
class OpenStream:
    """A stream whose first events were received."""

    request: ChatRequest
    reply: Any
    chunks: Any
    decoder: EventDecoder
    events: list[Event]
    hook_runner: HookRunner | None = None
    follow_up: FollowUp | None = None
    earlier: tuple[Attempt, ...] = ()
    """Requests of the same call before this one (see ``ops.fallbacks``)."""
