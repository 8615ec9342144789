"""Streams of events: two thin shells over the same decoder."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from llmaas.ops import advice
from llmaas.ops.chat import Opened, fault_error
from llmaas.transport.base import BrokenTransport
from llmaas.types import Completion, Done, Event, RateLimit
from llmaas.wire.usage import parse_rate_limit


class _Stream:
    """What both kinds of stream know."""

    def __init__(self, opened: Opened, driver: Any) -> None:
        self._driver = driver
        self._watched = opened.watched
        self._ask = opened.ask
        self._reply = opened.reply
        self._chunks = opened.chunks
        self._decoder = opened.decoder
        self._first = opened.events
        self._completion: Completion | None = None

    @property
    def completion(self) -> Completion:
        """The whole answer once the stream has ended; what came so far until then."""
        return self._completion or self._decoder.partial

    @property
    def request_id(self) -> str | None:
        """The ``x-request-id`` of the reply."""
        value: str | None = self._reply.headers.get("x-request-id")
        return value

    @property
    def rate_limit(self) -> RateLimit | None:
        """The ``X-RateLimit-*`` headers of the reply."""
        return parse_rate_limit(self._reply.headers)

    def _note(self, events: list[Event]) -> list[Event]:
        """Look at what ends the stream before it is handed out."""
        if events and isinstance(events[-1], Done):
            self._completion = self._parsed(events[-1].completion)
            events[-1] = Done(self._completion)
            unopened = self._decoder.thought_was_unopened
            advice.learn(self._ask.model, self._completion, unopened=unopened)
        return events

    def _parsed(self, completion: Completion) -> Completion:
        """Fill in ``parsed`` where the answer fits; what was handed out cannot be repaired."""
        if self._ask.shape is None:
            return completion
        try:
            return replace(completion, parsed=self._ask.shape.read(completion.text))
        except ValueError:
            return completion

    def _raise_fault(self) -> None:
        if self._decoder.fault is not None:
            raise fault_error(self._ask, self._decoder, self._reply.headers)


class Stream(_Stream):
    """Events of an answer as they come; ``Done`` is always the last.

    Raises ``StreamInterrupted`` or ``StreamError`` (both with ``completion``) when the
    answer breaks off. Leaving the ``with`` block closes the connection.
    """

    def __init__(self, opened: Opened, driver: Any) -> None:
        super().__init__(opened, driver)
        self._events = self._run()

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def __next__(self) -> Event:
        return next(self._events)

    def until_done(self) -> Completion:
        """Read to the end and return the whole answer."""
        for _ in self._events:
            pass
        return self.completion

    def close(self) -> None:
        """Stop reading; the connection is closed if the answer had not ended."""
        self._events.close()
        self._reply.close()
        self._end(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> Generator[Event, None, None]:
        decoder, failure = self._decoder, None
        try:
            yield from self._note(self._first)
            try:
                while not decoder.over and (data := next(self._chunks, b"")):
                    events = decoder.feed(data)
                    yield from self._note(events) if decoder.over else events
            except BrokenTransport as broken:
                failure = broken.failure
            yield from self._note(decoder.end(failure))
            self._raise_fault()
            self._reply.drain()
        except BaseException as error:
            self._end(error)
            raise
        finally:
            self._reply.close()
            self._end(None)

    def _end(self, error: BaseException | None) -> None:
        if self._watched is not None:
            self._driver.run(self._watched.end(self.completion, error))


class AsyncStream(_Stream):
    """The same for asyncio."""

    def __init__(self, opened: Opened, driver: Any) -> None:
        super().__init__(opened, driver)
        self._events = self._run()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def __anext__(self) -> Event:
        return await anext(self._events)

    async def until_done(self) -> Completion:
        """Read to the end and return the whole answer."""
        async for _ in self._events:
            pass
        return self.completion

    async def close(self) -> None:
        """Stop reading; the connection is closed if the answer had not ended."""
        await self._events.aclose()
        await self._reply.close()
        await self._end(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.close()

    async def _run(self) -> AsyncGenerator[Event, None]:
        decoder, failure = self._decoder, None
        try:
            for event in self._note(self._first):
                yield event
            try:
                while not decoder.over and (data := await anext(self._chunks, b"")):
                    events = decoder.feed(data)
                    for event in self._note(events) if decoder.over else events:
                        yield event
            except BrokenTransport as broken:
                failure = broken.failure
            for event in self._note(decoder.end(failure)):
                yield event
            self._raise_fault()
            await self._reply.drain()
        except BaseException as error:
            await self._end(error)
            raise
        finally:
            await self._reply.close()
            await self._end(None)

    async def _end(self, error: BaseException | None) -> None:
        if self._watched is not None:
            await self._driver.run(self._watched.end(self.completion, error))
