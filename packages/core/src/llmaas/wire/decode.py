"""Decoder of chat responses: event streams, JSON bodies and invalid responses."""

from __future__ import annotations

from collections.abc import Mapping

from llmaas.types import Completion, Done, Event
from llmaas.wire.accumulator import ChoiceFailed, CompletionAccumulator, Context
from llmaas.wire.error_event import find_error
from llmaas.wire.failures import (
    ErrorEvent,
    InvalidBody,
    ResponseFault,
    TransportFailure,
    TruncatedResponse,
    too_large,
)
from llmaas.wire.json_codec import loads, parse
from llmaas.wire.payload_parser import PayloadParser
from llmaas.wire.sse import SSEReader

_SSE_BEGINNINGS = b":deir"  # of a comment, data, event, id, retry


class ChatDecoder:
    """Incremental decoder of the body of a 200 response.

    ``feed`` returns the events that a read completes. ``over`` is True once the answer is
    complete (the last event is ``Done``) or a ``fault`` is known. Call ``end`` at the end of the
    body; after it, ``over`` is always True.

    An answer is complete if each choice has a finish reason, or if ``[DONE]`` follows a closing
    usage chunk. ``[DONE]`` alone proves nothing: otherwise the stream is a
    ``TruncatedResponse``.
    """

    __slots__ = (
        "_accumulator",
        "_body",
        "_done_seen",
        "_format",
        "_payloads",
        "_sse",
        "fault",
        "finished",
        "over",
    )

    def __init__(self, context: Context, event_limit: int | None = None) -> None:
        self._accumulator = CompletionAccumulator(context)
        self._sse = SSEReader(event_limit)
        self._format = ""
        self._body = bytearray()
        self._payloads = PayloadParser()
        self._done_seen = False
        self.over = False
        self.finished = False
        """Whether every choice has a finish reason; only usage and ``[DONE]`` may follow."""
        self.fault: ResponseFault | None = None

    @property
    def partial(self) -> Completion:
        """Completion of the data received so far."""
        return self._accumulator.completion()

    @property
    def has_content(self) -> bool:
        """Whether any content was received; vLLM sends the role before its engine starts."""
        return self._accumulator.has_content

    @property
    def has_usage(self) -> bool:
        """Whether usage was received."""
        return self._accumulator.has_usage

    @property
    def lacks_opening_tag(self) -> bool:
        """Whether reasoning ended with a lone ``</think>``."""
        return self._accumulator.lacks_opening_tag

    def feed(self, data: bytes) -> list[Event]:
        """Process a read of any size; return its events."""
        events: list[Event] = []
        if self._format != "sse":
            data = self._sniff(data)
            if self._format != "sse":
                return events
        try:
            payloads = self._sse.feed(data)
        except ValueError as error:
            self._stop(
                TruncatedResponse(str(error), self._accumulator.completion(), too_large(str(error)))
            )
            return events
        for payload in payloads:
            self._decode_payload(payload, events)
            if self.over:
                break
        return events

    def take(self, data: bytes) -> list[Event]:
        """Process a complete body; return its events."""
        if self._body or not data.startswith(b"{"):
            return [*self.feed(data), *self.end()]
        events: list[Event] = []
        self._format = "body"
        self._read_body(data.rstrip(), events)
        return events

    def end(self, cause: TransportFailure | None = None) -> list[Event]:
        """Process the end of the body; ``cause`` is the failure of the connection, if any."""
        events: list[Event] = []
        if self.over:
            return events
        if self._format != "sse":
            self._end_body(cause, events)
        else:
            for payload in self._sse.close():
                if not self.over and cause is None:
                    self._decode_payload(payload, events)
            if not self.over:
                self._end_stream(cause, events)
        return events

    def _sniff(self, data: bytes) -> bytes:
        """Detect the format by the first byte, because headers may be wrong."""
        self._body += data
        if not self._format:
            first = bytes(self._body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1])
            if first:
                self._format = "sse" if first in _SSE_BEGINNINGS else "body"
        if self._format != "sse":
            return b""
        data, self._body = bytes(self._body), bytearray()
        return data

    def _decode_payload(self, payload: bytes, events: list[Event]) -> None:
        """Decode the payload of one event, strictly as long as all were valid."""
        if self._payloads.is_strict:
            try:
                chunk = parse(payload)
            except ValueError:
                pass
            else:
                if type(chunk) is dict:
                    self._add_chunk(chunk, events)
                return
        text = payload.strip()
        if text == b"[DONE]":
            self._handle_done(events)
            return
        try:
            chunk = self._payloads.parse(text)
        except ValueError as error:
            self._stop(TruncatedResponse(str(error), self._accumulator.completion()))
            return
        if isinstance(chunk, dict):
            self._add_chunk(chunk, events)

    def _add_chunk(self, chunk: Mapping[str, object], events: list[Event]) -> None:
        tells_error = "error" in chunk or "detail" in chunk or chunk.get("object") == "error"
        error = find_error(chunk) if tells_error or "choices" not in chunk else None
        if error is not None:
            self._stop(ErrorEvent(error, self._accumulator.completion()))
            return
        try:
            self._accumulator.feed(chunk, events)
        except ChoiceFailed as failed:
            self._stop(ErrorEvent(failed.error, self._accumulator.completion()))
        self.finished = self._accumulator.is_finished

    def _handle_done(self, events: list[Event]) -> None:
        self._done_seen = True
        if self._accumulator.closing_usage:
            self._accumulator.infer_finish_reasons()
        if self._accumulator.finished and not self._payloads.is_incomplete:
            self._complete(events)

    def _end_stream(self, cause: TransportFailure | None, events: list[Event]) -> None:
        if self._accumulator.finished and (self._done_seen or self._accumulator.has_all_choices):
            self._complete(events)
        elif not self._accumulator.has_choices and cause is None:
            self._stop(InvalidBody("the stream contains no answer", b""))
        else:
            reason = (
                "the finish reason is missing" if self._done_seen else "the stream was truncated"
            )
            reason = cause.message if cause is not None else reason
            self._finish(events, complete=False)
            self._stop(TruncatedResponse(reason, self._accumulator.completion(), cause))

    def _complete(self, events: list[Event]) -> None:
        self.over = True
        self._finish(events, complete=True)
        events.append(Done(self._accumulator.completion()))

    def _finish(self, events: list[Event], *, complete: bool) -> None:
        if self._payloads.surrogates:
            self._accumulator.feed(self._payloads.surrogates.flush(), events)
        self._accumulator.finish(events, complete=complete)

    def _end_body(self, cause: TransportFailure | None, events: list[Event]) -> None:
        body = bytes(self._body.strip())
        if cause is not None:
            self._stop(
                TruncatedResponse("the body was truncated", self._accumulator.completion(), cause)
            )
            return
        if not body:
            self._stop(InvalidBody("the body is empty", body))
            return
        self._read_body(body, events)

    def _read_body(self, body: bytes, events: list[Event]) -> None:
        try:
            answer = loads(body)
        except ValueError:
            html = body[:1] == b"<"
            reason = "it is HTML" if html else "its JSON is invalid or truncated"
            self._stop(InvalidBody(reason, body))
            return
        self._add_body(answer, body, events)

    def _add_body(self, answer: object, body: bytes, events: list[Event]) -> None:
        if not isinstance(answer, dict):
            self._stop(InvalidBody("it is not a JSON object", body))
            return
        self._add_chunk(answer, events)
        if self.over:
            return
        if not self._accumulator.has_choices:
            self._stop(InvalidBody("it has no choices", body))
            return
        self._complete(events)

    def _stop(self, fault: ResponseFault) -> None:
        self.fault = fault
        self.over = True
