"""Runner of operations in the running event loop."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from llmaas._api_key import APIKey
from llmaas._errors_base import ConfigurationError
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
from llmaas.ops.execution import Execution, settle_now
from llmaas.ops.finalizer import FINALIZER
from llmaas.ops.outgoing import build_http_request, create_async_transport
from llmaas.ops.worker_threads import run_async, run_to_end
from llmaas.settings import Settings
from llmaas.transport.base import AsyncReply, AsyncTransport, TransportError
from llmaas.wire.failures import TransportFailure

T = TypeVar("T")


class AsyncRunner:
    """Runner of operations in the running event loop."""

    def __init__(self, settings: Settings, transport: AsyncTransport | None) -> None:
        self._settings = settings
        self._transport = transport

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation and return its result; close its reply if it fails.

        A plain ``Run`` finishes even if the task is cancelled meanwhile, and the operation
        receives its result: only then it can settle. The cancellation follows.
        """
        check_event_loop()
        execution, cancelled = Execution(operation), None
        try:
            while (effect := execution.next_effect()) is not None:
                try:
                    if isinstance(effect, Run) and effect.must_end:
                        value, late = await run_to_end(effect.function)
                        cancelled = cancelled or late
                        execution.deliver(value)
                    elif cancelled is not None:
                        raise cancelled
                    else:
                        execution.deliver(await self._perform(effect))
                except GeneratorExit as error:  # nothing can be awaited any more
                    FINALIZER.submit(partial(settle_now, operation, error))
                    raise
                except BaseException as error:
                    execution.throw(error)
        except GeneratorExit:
            raise
        except BaseException as error:
            await _close(execution)
            if cancelled is not None and isinstance(error, Exception):
                raise cancelled from error
            raise
        if cancelled is not None:
            raise cancelled
        return execution.result

    async def _perform(self, effect: Effect) -> object:
        """Perform an effect; a broken connection is returned as its ``TransportFailure``."""
        try:
            match effect:
                case Send():
                    return await self._send(effect)
                case Read(reply):
                    return await reply.read()
                case ReadSome(chunks):
                    return await anext(chunks, b"")
                case Close(reply):
                    await reply.close()
                case Sleep(seconds):
                    await asyncio.sleep(seconds)
                case Wait(wakeup, seconds):
                    await wakeup.wait_async(seconds)
                case Run(function, deadline, undo, may_outlive):
                    return await run_async(function, deadline, undo, may_outlive=may_outlive)
                case Parallel(operations, limit):
                    return await self._run_parallel(operations, limit)
        except TransportError as broken:
            return broken.failure
        return None

    async def _send(self, effect: Send) -> AsyncReply:
        if self._transport is None:
            self._transport = create_async_transport(self._settings)
        # No variable holds the key: tools print those of a traceback's frames.
        return await self._transport.send(
            build_http_request(
                self._settings, effect, await _get_key(self._settings.key, effect.deadline)
            )
        )

    async def _run_parallel(self, operations: Sequence[Operation[T]], limit: int) -> list[T]:
        """Run at most ``limit`` operations at once; after a failure those in progress still end."""
        slots, failures = asyncio.Semaphore(limit), list[Exception]()

        async def run_in_slot(operation: Operation[T]) -> T | None:
            async with slots:
                if failures:
                    return None
                try:
                    return await self.run(operation)
                except Exception as error:
                    failures.append(error)
                    return None

        results: list[Any] = await asyncio.gather(*map(run_in_slot, operations))
        if failures:
            raise failures[0]
        return results


async def _close(execution: Execution[T]) -> None:
    """Close the socket of a call that failed or was cancelled."""
    if execution.reply is not None:
        await cast("AsyncReply", execution.reply).close()


async def _get_key(key: APIKey, deadline: float | None) -> str:
    """Return the current key, also of an async callable; raise once the deadline has passed."""
    current: str | Awaitable[object] = key.get()
    if isinstance(current, str):
        return current
    remaining = None if deadline is None else deadline - time.monotonic()
    try:
        async with asyncio.timeout(remaining) as limit:
            return key.check(await current)
    except TimeoutError:
        if not limit.expired():
            raise
        text = "The deadline passed before the api_key callable returned a key."
        raise TransportError(TransportFailure("deadline", text, reached=False)) from None


def check_event_loop() -> None:
    """Raise ``ConfigurationError`` without a running asyncio event loop, as under trio."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        found = "trio is running" if _is_in_trio() else "none is running"
        raise ConfigurationError(
            f"AsyncLLMaaS needs an asyncio event loop, but {found}. Use asyncio.run() "
            "(or anyio's asyncio backend), or LLMaaS in threads."
        ) from None


def _is_in_trio() -> bool:
    trio: Any = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_run())
