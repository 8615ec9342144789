"""Streams of events: two thin shells over the same answer."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from types import TracebackType
from typing import Any, Self

from llmaas.ops.async_runner import AsyncRunner
from llmaas.ops.finalizer import FINALIZER
from llmaas.ops.open_stream import OpenStream
from llmaas.ops.stream_state import StreamState
from llmaas.ops.sync_runner import SyncRunner
from llmaas.transport.base import TransportError
from llmaas.types import Completion, Event, RateLimit
from llmaas.wire.usage import parse_rate_limit


class _Stream:
    """What both kinds of stream know."""

    def __init__(self, answer: StreamState, events: Any) -> None:
        self._answer, self._events = answer, events
        FINALIZER.start()
        weakref.finalize(events, answer.abandon)

    @property
    def completion(self) -> Completion:
        """The whole answer once the stream has ended; what came so far until then."""
        return self._answer.completion

    @property
    def request_id(self) -> str | None:
        """The ``x-request-id`` of the reply."""
        value: str | None = self._answer.reply.headers.get("x-request-id")
        return value

    @property
    def rate_limit(self) -> RateLimit | None:
        """The ``X-RateLimit-*`` headers of the reply."""
        return parse_rate_limit(self._answer.reply.headers)


class Stream(_Stream):
    """Events of an answer as they come; ``Done`` is always the last.

    Raises ``StreamInterrupted`` or ``StreamError`` (both with ``completion``) when the
    answer breaks off. Leaving the ``with`` block closes the connection. At ``Done`` all is
    settled and given back; a stream that is dropped before is ended in the background.
    """

    def __init__(self, opened: OpenStream, runner: SyncRunner) -> None:
        answer = StreamState(opened, opened.reply.close)
        self._runner = runner
        super().__init__(answer, _read(answer, runner))

    def __iter__(self) -> Iterator[Event]:
        events: Iterator[Event] = self._events
        return events

    def __next__(self) -> Event:
        event: Event = next(self._events)
        return event

    def until_done(self) -> Completion:
        """Read to the end and return the whole answer."""
        for _ in self._events:
            pass
        return self.completion

    def close(self) -> None:
        """Stop reading, from any thread: one that waits for more is told at once."""
        self._answer.is_closed = True
        self._answer.reply.close()
        self._runner.run(self._answer.leave())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()


def _read(answer: StreamState, runner: SyncRunner) -> Generator[Event, None, None]:
    decoder, chunks, events = answer.decoder, answer.chunks, answer.first
    try:
        while True:
            while not decoder.over:
                yield from events
                try:
                    if decoder.finished or answer.is_closed:
                        answer.before_read(events)
                    data = next(chunks, b"")
                    events = decoder.feed(data) if data else decoder.end()
                except TransportError as broken:
                    events = decoder.end(broken.failure)
            if (following := answer.next_request(events)) is None:
                break
            yield from events
            answer.reply.drain()
            answer.reply.close()
            opened = runner.run(following)
            answer.go_on(opened, opened.reply.close)
            decoder, chunks, events = answer.decoder, answer.chunks, answer.first
        done = answer.take_done(events)
        yield from events
        if done is None:
            raise answer.fault()
        runner.run(answer.end())
        answer.reply.drain()
        answer.reply.close()
    except GeneratorExit:
        answer.abandon()
        raise
    except BaseException as error:
        data = b""  # it may echo a key, and tools print the variables of frames
        answer.reply.close()
        runner.run(answer.end(error))
        raise
    yield done


class AsyncStream(_Stream):
    """The same for asyncio."""

    def __init__(self, opened: OpenStream, runner: AsyncRunner) -> None:
        answer = StreamState(opened, _closer(opened.reply))
        self._runner = runner
        super().__init__(answer, _aread(answer, runner))

    def __aiter__(self) -> AsyncIterator[Event]:
        events: AsyncIterator[Event] = self._events
        return events

    async def __anext__(self) -> Event:
        event: Event = await anext(self._events)
        return event

    async def until_done(self) -> Completion:
        """Read to the end and return the whole answer."""
        async for _ in self._events:
            pass
        return self.completion

    async def close(self) -> None:
        """Stop reading, from any task: one that waits for more is told at once."""
        self._answer.is_closed = True
        await self._answer.reply.close()
        await self._runner.run(self._answer.leave())

    aclose = close

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.close()


async def _aread(answer: StreamState, runner: AsyncRunner) -> AsyncGenerator[Event, None]:
    decoder, chunks, events = answer.decoder, answer.chunks, answer.first
    try:
        while True:
            while not decoder.over:
                for event in events:
                    yield event
                try:
                    if decoder.finished or answer.is_closed:
                        answer.before_read(events)
                    data = await chunks.__anext__()  # anext() with a default takes twice as long
                    events = decoder.feed(data) if data else decoder.end()
                except StopAsyncIteration:
                    events = decoder.end()
                except TransportError as broken:
                    events = decoder.end(broken.failure)
            if (following := answer.next_request(events)) is None:
                break
            for event in events:
                yield event
            await answer.reply.drain()
            await answer.reply.close()
            opened = await runner.run(following)
            answer.go_on(opened, _closer(opened.reply))
            decoder, chunks, events = answer.decoder, answer.chunks, answer.first
        done = answer.take_done(events)
        for event in events:
            yield event
        if done is None:
            raise answer.fault()
        await runner.run(answer.end())
        await answer.reply.drain()
        await answer.reply.close()
    except GeneratorExit:
        answer.abandon()
        raise
    except BaseException as error:
        data = b""  # it may echo a key, and tools print the variables of frames
        await answer.reply.close()
        await runner.run(answer.end(error))
        raise
    yield done


def _closer(reply: Any) -> Callable[[], None]:
    """Return what closes a reply from any thread, in the event loop that it belongs to."""
    loop = asyncio.get_running_loop()

    def close() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(_in_background, loop, reply)

    return close


_closing: set[asyncio.Task[None]] = set()


def _in_background(loop: asyncio.AbstractEventLoop, reply: Any) -> None:
    task = loop.create_task(reply.close())
    _closing.add(task)
    task.add_done_callback(_closing.discard)
