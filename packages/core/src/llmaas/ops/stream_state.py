"""A streamed answer under way: how far it is, and how it ends, whoever ends it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from llmaas.hooks import StreamAbandoned
from llmaas.ops import model_profile
from llmaas.ops.chat import fault_error, limit_rest
from llmaas.ops.deferred_schema import with_draft
from llmaas.ops.effects import Operation
from llmaas.ops.execution import settle_now
from llmaas.ops.fallbacks import combined
from llmaas.ops.finalizer import FINALIZER
from llmaas.ops.open_stream import OpenStream
from llmaas.structured import fill_parsed
from llmaas.transport.base import TransportError
from llmaas.types import Completion, Done, Event, TextDelta
from llmaas.wire.failures import TransportFailure


class StreamState:
    """State that a stream, its iterator and the finalizer share.

    It knows neither of the first two, so that they go as soon as nobody holds them.
    ``let_go`` gives the connection back from any thread.
    """

    def __init__(self, opened: OpenStream, let_go: Callable[[], object]) -> None:
        self._hook_runner = opened.hook_runner
        self._let_go = let_go
        self._process = os.getpid()
        self._whole: Completion | None = None
        self._earlier = opened.earlier
        """Requests of the same call before this one."""
        self._follow_up = opened.follow_up
        self._draft: Completion | None = None
        """An answer of this stream before the last one (see ``ops.deferred``)."""
        self._is_ended = False
        self._began = time.monotonic()
        self._limited_with_usage: bool | None = None
        """Whether usage was received when reading was limited; None until then."""
        self.request, self.reply, self.chunks = opened.request, opened.reply, opened.chunks
        self.decoder, self.first = opened.decoder, opened.events
        self.is_closed = False
        """Whether the reader closed the stream: nothing is read any more."""

    @property
    def completion(self) -> Completion:
        """The whole answer once the stream has ended; what came so far until then."""
        if self._whole is None:
            return self._so_far
        return combined(self._whole, self._earlier)

    @property
    def _so_far(self) -> Completion:
        return with_draft(self.decoder.partial, self._draft)

    def before_read(self, events: list[Event]) -> None:
        """Break off reading after the stream was closed; limit it after the answer's end.

        ``events`` are those of the read before.
        """
        if self.is_closed:
            raise TransportError(TransportFailure("read", "the stream was closed"))
        if self.decoder.finished:
            has_usage = self.decoder.has_usage
            if events or has_usage is not self._limited_with_usage:
                self._limited_with_usage = has_usage
                took = time.monotonic() - self._began
                limit_rest(self.reply, has_usage=has_usage, took=took)

    def next_request(self, events: list[Event]) -> Operation[OpenStream] | None:
        """Return how the stream goes on after an answer; None for nearly all, which end there."""
        return None if self._follow_up is None else self._follow_up.after(events)

    def continue_with(self, opened: OpenStream, let_go: Callable[[], object]) -> None:
        """Go on with another request of the same call."""
        self._draft = None if self._follow_up is None else self._follow_up.draft
        self._follow_up, self._let_go, self._limited_with_usage = None, let_go, None
        self.request, self.reply, self.chunks = opened.request, opened.reply, opened.chunks
        self.decoder, self.first = opened.decoder, opened.events

    def take_done(self, events: list[Event]) -> Done | None:
        """Take the end of the answer from the last events, after a look at what it is worth."""
        if not (events and isinstance(events[-1], Done)):
            return None
        done = events.pop()
        assert isinstance(done, Done)
        whole = with_draft(done.completion, self._draft)
        self._whole = self._settled(self.request.with_notes(whole), events)
        unopened = self.decoder.lacks_opening_tag
        model_profile.record(
            self.request.settings, self.request.model, self._whole, unopened=unopened
        )
        return Done(self.completion)

    def fault(self) -> Exception:
        """Return the exception for an answer that broke off."""
        return fault_error(self.request, self.decoder, self.reply.headers)

    def end(self, error: BaseException | None = None) -> Operation[None]:
        """Tell the hooks how the stream ended, once."""
        self._is_ended = True
        if self._hook_runner is not None:
            yield from self._hook_runner.run_after(self._whole or self._so_far, error)

    def leave(self) -> Operation[None]:
        """End a stream that its reader closes."""
        self.is_closed = True
        return self.end(None if self._whole is not None else StreamAbandoned())

    def abandon(self) -> None:
        """Have a stream ended that was dropped; called by collectors, it only leaves a note."""
        if not self._is_ended:
            FINALIZER.submit(self._end_abandoned)

    def _end_abandoned(self) -> None:
        if self._is_ended or self._process != os.getpid():
            return
        try:
            self._let_go()
        finally:
            settle_now(self.leave())

    def _settled(self, completion: Completion, events: list[Event]) -> Completion:
        """Fill in ``parsed`` where the answer matches; delivered events cannot be repaired."""
        if self.request.schema is None:
            return completion
        whole = fill_parsed(completion, self.request.schema, streamed=True)
        if whole.text and not completion.text.strip():  # the answer came as reasoning
            events.append(TextDelta(whole.text))
        return whole
