"""Streams of events, for threads and for asyncio."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from types import TracebackType
from typing import Any, Generic, Self

from llmaas.ops.async_runner import AsyncRunner
from llmaas.ops.finalizer import FINALIZER
from llmaas.ops.measured_request import rate_limit_names
from llmaas.ops.open_stream import OpenStream
from llmaas.ops.stream_state import StreamState
from llmaas.ops.sync_runner import SyncRunner
from llmaas.transport.base import TransportError
from llmaas.types import Completion, Event, Parsed, RateLimit
from llmaas.wire.usage import parse_rate_limit


class _Stream(Generic[Parsed]):
    """Base class of both streams."""

    def __init__(self, state: StreamState, events: Any) -> None:
        self._state, self._events = state, events
        FINALIZER.start()
        weakref.finalize(events, state.abandon)

    @property
    def completion(self) -> Completion[Parsed]:
        """The whole answer once the stream has ended; the partial answer until then."""
        return self._state.completion

    @property
    def request_id(self) -> str | None:
        """The ``x-request-id`` of the reply."""
        value: str | None = self._state.reply.headers.get("x-request-id")
        return value

    @property
    def rate_limit(self) -> RateLimit | None:
        """The ``X-RateLimit-*`` headers of the reply."""
        names = rate_limit_names(self._state.request.settings.profile)
        return parse_rate_limit(self._state.reply.headers, names)


class Stream(_Stream[Parsed]):
    """Iterator of the events of an answer; ``Done`` is always the last.

    Raises ``StreamInterrupted`` or ``StreamError`` (both with ``completion``) if the answer is cut
    off. Leaving the ``with`` block closes the connection. When ``Done`` is yielded, hooks have run
    and the connection is released; a stream that is dropped earlier is finalized in the
    background.
    """

    def __init__(self, opened: OpenStream, runner: SyncRunner) -> None:
        state = StreamState(opened, opened.reply.close)
        self._runner = runner
        super().__init__(state, _read_sync(state, runner))

    def __iter__(self) -> Iterator[Event[Parsed]]:
        events: Iterator[Event[Parsed]] = self._events
        return events

    def __next__(self) -> Event[Parsed]:
        event: Event[Parsed] = next(self._events)
        return event

    def until_done(self) -> Completion[Parsed]:
        """Read to the end and return the whole state."""
        for _ in self._events:
            pass
        return self.completion

    def close(self) -> None:
        """Stop reading, from any thread; a thread that waits for events wakes up."""
        self._state.is_closed = True
        self._state.reply.close()
        self._runner.run(self._state.leave())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()


def _read_sync(state: StreamState, runner: SyncRunner) -> Generator[Event, None, None]:
    """Yield the events of a stream and of the requests that follow it, then ``Done``.

    The last events are held back until the call is settled: a consumer that stops at ``Done``
    leaves nothing open. Both loops are written out, because a shared one would cost every chunk.
    """
    decoder, chunks, events = state.decoder, state.chunks, state.first
    try:
        while True:
            while not decoder.over:
                yield from events
                try:
                    if decoder.finished or state.is_closed:
                        state.before_read(events)
                    data = next(chunks, b"")
                    events = decoder.feed(data) if data else decoder.end()
                except TransportError as broken:
                    events = decoder.end(broken.failure)
            if (following := state.next_request(events)) is None:
                break
            yield from events
            state.reply.drain()
            state.reply.close()
            opened = runner.run(following)
            state.continue_with(opened, opened.reply.close)
            decoder, chunks, events = state.decoder, state.chunks, state.first
        done = state.take_done(events)
        yield from events
        if done is None:
            raise state.fault()
        runner.run(state.end())
        state.reply.drain()
        state.reply.close()
    except GeneratorExit:
        state.abandon()
        raise
    except BaseException as error:
        data = b""  # it may echo a key, and tools print the variables of frames
        state.reply.close()
        runner.run(state.end(error))
        raise
    yield done


class AsyncStream(_Stream[Parsed]):
    """Async iterator of the events of an answer (see ``Stream``)."""

    def __init__(self, opened: OpenStream, runner: AsyncRunner) -> None:
        state = StreamState(opened, _closer(opened.reply))
        self._runner = runner
        super().__init__(state, _read_async(state, runner))

    def __aiter__(self) -> AsyncIterator[Event[Parsed]]:
        events: AsyncIterator[Event[Parsed]] = self._events
        return events

    async def __anext__(self) -> Event[Parsed]:
        event: Event[Parsed] = await anext(self._events)
        return event

    async def until_done(self) -> Completion[Parsed]:
        """Read to the end and return the whole state."""
        async for _ in self._events:
            pass
        return self.completion

    async def close(self) -> None:
        """Stop reading, from any task; a task that waits for events wakes up."""
        self._state.is_closed = True
        await self._state.reply.close()
        await self._runner.run(self._state.leave())

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


async def _read_async(state: StreamState, runner: AsyncRunner) -> AsyncGenerator[Event, None]:
    """Yield the events of a stream, then ``Done``; see ``_read_sync``."""
    decoder, chunks, events = state.decoder, state.chunks, state.first
    try:
        while True:
            while not decoder.over:
                for event in events:
                    yield event
                try:
                    if decoder.finished or state.is_closed:
                        state.before_read(events)
                    data = await chunks.__anext__()  # anext() with a default takes twice as long
                    events = decoder.feed(data) if data else decoder.end()
                except StopAsyncIteration:
                    events = decoder.end()
                except TransportError as broken:
                    events = decoder.end(broken.failure)
            if (following := state.next_request(events)) is None:
                break
            for event in events:
                yield event
            await state.reply.drain()
            await state.reply.close()
            opened = await runner.run(following)
            state.continue_with(opened, _closer(opened.reply))
            decoder, chunks, events = state.decoder, state.chunks, state.first
        done = state.take_done(events)
        for event in events:
            yield event
        if done is None:
            raise state.fault()
        await runner.run(state.end())
        await state.reply.drain()
        await state.reply.close()
    except GeneratorExit:
        state.abandon()
        raise
    except BaseException as error:
        data = b""  # it may echo a key, and tools print the variables of frames
        await state.reply.close()
        await runner.run(state.end(error))
        raise
    yield done


def _closer(reply: Any) -> Callable[[], None]:
    """Build a function that closes a reply in its event loop, called from any thread."""
    loop = asyncio.get_running_loop()

    def close() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(_close_soon, loop, reply)

    return close


_closing: set[asyncio.Task[None]] = set()


def _close_soon(loop: asyncio.AbstractEventLoop, reply: Any) -> None:
    task = loop.create_task(reply.close())
    _closing.add(task)
    task.add_done_callback(_closing.discard)
