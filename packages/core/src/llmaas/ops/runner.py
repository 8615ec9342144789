"""Two drivers that do what operations ask: one with threads, one with asyncio."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from llmaas._api_key import APIKey
from llmaas._errors_base import ConfigurationError
from llmaas._version import __version__
from llmaas.ops.effects import (
    Close,
    Effect,
    Operation,
    Parallel,
    Read,
    ReadSome,
    Run,
    Send,
    Sleep,
    Wait,
)
from llmaas.ops.finalizer import FINALIZER
from llmaas.ops.parallel import run_together
from llmaas.ops.worker_threads import WORKERS, Job, run_async, run_bounded, tell
from llmaas.settings import Settings
from llmaas.transport.base import AsyncTransport, Request, SyncTransport, TransportError
from llmaas.wire.failures import TransportFailure

T = TypeVar("T")


class SyncRunner:
    """Runs operations in the calling thread."""

    def __init__(self, settings: Settings, transport: SyncTransport | None) -> None:
        self._settings = settings
        self._transport: Any = transport

    def close(self) -> None:
        """Give the connections back."""
        if hasattr(self._transport, "close"):
            self._transport.close()

    def run(self, operation: Operation[T]) -> T:
        """Run an operation to its result."""
        go_on: Callable[[Any], Effect] = operation.send
        outcome: Any = None
        reply: Any = None
        try:
            while True:
                effect = go_on(outcome)
                try:
                    outcome, go_on = self._do(effect), operation.send
                except BaseException as error:  # the operation may have to settle something
                    outcome, go_on = error, operation.throw
                if isinstance(effect, Send):
                    reply = outcome
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        except BaseException:
            outcome = None  # it may echo a key, and tools print the variables of frames
            if hasattr(reply, "close"):
                reply.close()
            raise

    def _do(self, effect: Effect) -> Any:
        try:
            match effect:
                case Send():
                    if self._transport is None:
                        self._transport = _sync_shell(self._settings)
                    # No variable holds the key: tools print those of a traceback's frames.
                    return self._transport.send(
                        _request(self._settings, effect, self._settings.key.at_once())
                    )
                case Read(reply):
                    return reply.read()
                case ReadSome(chunks):
                    return next(chunks, b"")
                case Close(reply):
                    reply.close()
                case Sleep(seconds):
                    time.sleep(seconds)
                case Wait(call, seconds):
                    call.wait(seconds)
                case Run(function, None):
                    return function()
                case Run(function, deadline, undo, may_outlive):
                    return run_bounded(function, deadline, undo, may_outlive=may_outlive)
                case Parallel(operations, limit, must_end):
                    return self._together(operations, limit, must_end)
        except TransportError as broken:
            return broken.failure
        return None

    def _together(self, operations: list[Operation[T]], limit: int, must_end: bool) -> list[T]:
        """Run all, as many at once as allowed; after a failure what is under way still ends."""
        if not must_end and (len(operations) == 1 or limit == 1):
            return [self.run(operation) for operation in operations]
        # A key's callable may read context variables, and a context runs in one thread only.
        work = [partial(contextvars.copy_context().run, self.run, each) for each in operations]
        return run_together(work, limit)


class AsyncRunner:
    """Runs operations in the running event loop."""

    def __init__(self, settings: Settings, transport: AsyncTransport | None) -> None:
        self._settings = settings
        self._transport: Any = transport

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation to its result.

        What ``Run`` asks for without more is done whole even if the task is cancelled meanwhile,
        and the operation sees its result: only then it knows what to settle. The cancellation
        follows.
        """
        check_loop()
        go_on: Callable[[Any], Effect] = operation.send
        outcome: Any = None
        reply: Any = None
        cancelled: asyncio.CancelledError | None = None
        try:
            while True:
                effect = go_on(outcome)
                try:
                    if isinstance(effect, Run) and _must_end(effect):
                        outcome, late = await _whole(effect.function)
                        cancelled = cancelled or late
                    elif cancelled is not None:
                        raise cancelled
                    else:
                        outcome = await self._do(effect)
                    go_on = operation.send
                except GeneratorExit as error:  # nothing can be awaited any more
                    FINALIZER.hand_over(partial(settle_now, operation, error))
                    raise
                except BaseException as error:  # the operation may have to settle something
                    outcome, go_on = error, operation.throw
                if isinstance(effect, Send):
                    reply = outcome
        except StopIteration as end:
            if cancelled is not None:
                raise cancelled from None
            return end.value  # type: ignore[no-any-return]
        except GeneratorExit:
            raise
        except BaseException as error:  # a cancelled call closes its socket at once
            outcome = None  # it may echo a key, and tools print the variables of frames
            if hasattr(reply, "close"):
                await reply.close()
            if cancelled is not None and isinstance(error, Exception):
                raise cancelled from error
            raise

    async def _do(self, effect: Effect) -> Any:
        try:
            match effect:
                case Send():
                    if self._transport is None:
                        self._transport = _async_shell(self._settings)
                    return await self._transport.send(
                        _request(
                            self._settings,
                            effect,
                            await _awaited(self._settings.key, effect.deadline),
                        )
                    )
                case Read(reply):
                    return await reply.read()
                case ReadSome(chunks):
                    return await anext(chunks, b"")
                case Close(reply):
                    await reply.close()
                case Sleep(seconds):
                    await asyncio.sleep(seconds)
                case Wait(call, seconds):
                    await call.wait_async(seconds)
                case Run(function, deadline, undo, may_outlive):
                    return await run_async(function, deadline, undo, may_outlive=may_outlive)
                case Parallel(operations, limit):
                    return await self._together(operations, limit)
        except TransportError as broken:
            return broken.failure
        return None

    async def _together(self, operations: list[Operation[T]], limit: int) -> list[T]:
        """Run all, as many at once as allowed; after a failure what is under way still ends."""
        slots, failures = asyncio.Semaphore(limit), list[Exception]()

        async def one(operation: Operation[T]) -> T | None:
            async with slots:
                if failures:
                    return None
                try:
                    return await self.run(operation)
                except Exception as error:
                    failures.append(error)
                    return None

        results: list[Any] = await asyncio.gather(*map(one, operations))
        if failures:
            raise failures[0]
        return results


def _must_end(run: Run) -> bool:
    return run.undo is None and not run.may_outlive


async def _whole(function: Callable[[], Any]) -> tuple[Any, asyncio.CancelledError | None]:
    """Run a function in a thread to its end; return its result, and a cancellation meanwhile."""
    # A future, not a task: the end of the event loop cancels all tasks.
    loop, job = asyncio.get_running_loop(), Job(function, None)
    done: asyncio.Future[None] = loop.create_future()
    job.notify = partial(tell, loop, done)
    WORKERS.submit(job)
    cancelled: asyncio.CancelledError | None = None
    while not done.done():
        try:
            await asyncio.wait({done})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and job.error is not None:
        raise cancelled from job.error
    return job.outcome(), cancelled


def check_loop() -> None:
    """Refuse to run where no event loop of asyncio does: under trio, say, or none at all."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        found = "trio is running" if _is_in_trio() else "none is running"
        raise ConfigurationError(
            f"AsyncLLMaaS needs an asyncio event loop, but {found}: run it by asyncio.run() "
            "(or anyio's asyncio backend), or use LLMaaS in threads."
        ) from None


def _is_in_trio() -> bool:
    trio: Any = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_run())


def settle_now(operation: Operation[Any], error: BaseException | None = None) -> None:
    """Let an operation settle in this thread; nothing is sent or awaited any more."""
    go_on: Callable[[Any], Effect] = operation.send if error is None else operation.throw
    outcome: Any = error
    try:
        while True:
            effect = go_on(outcome)
            try:
                outcome, go_on = _here(effect), operation.send
            except Exception as raised:
                outcome, go_on = raised, operation.throw
    except StopIteration:
        pass
    except BaseException as raised:
        if raised is not error:
            raise


def _here(effect: Effect) -> Any:
    if isinstance(effect, Run):
        return effect.function()
    if isinstance(effect, Sleep | Wait):
        return time.sleep(effect.seconds)
    raise RuntimeError("the call was dropped: nothing is sent for it any more")


async def _awaited(key: APIKey, deadline: float | None) -> str:
    """Return the current key, also of an async callable; it may not outlast the deadline."""
    current = key.current()
    if isinstance(current, str):
        return current
    left = None if deadline is None else deadline - time.monotonic()
    try:
        async with asyncio.timeout(left) as limit:
            return key.checked(await current)
    except TimeoutError:
        if not limit.expired():
            raise
        late = TransportFailure("deadline", "The deadline passed before a key came.", reached=False)
        raise TransportError(late) from None


# The HTTP libraries cost a quarter of a second to import: not before they are needed.
def _sync_shell(settings: Settings) -> SyncTransport:
    from llmaas.transport.httpx_transport import HTTPXTransport

    return HTTPXTransport(settings)


def _async_shell(settings: Settings) -> AsyncTransport:
    from llmaas.transport.aiohttp_transport import AiohttpTransport

    return AiohttpTransport(settings)


def _request(settings: Settings, send: Send, key: str) -> Request:
    headers = {
        "authorization": f"Bearer {key}",
        "accept": "text/event-stream" if send.stream else "application/json",
        "accept-encoding": "gzip, deflate",
        "user-agent": _user_agent(),
        **{name.lower(): value for name, value in settings.headers},
        **{name.lower(): value for name, value in send.headers.items()},
    }
    return Request(
        send.method,
        settings.root + send.path,
        headers,
        send.body,
        send.timeout,
        send.stream,
        send.deadline,
    )


def _user_agent() -> str:
    return f"llmaas-python/{__version__}"
