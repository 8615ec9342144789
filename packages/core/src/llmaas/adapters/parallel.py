"""Parallel calls with a limited concurrency."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_bounded(function: Callable[[T], R], items: Iterable[T], *, limit: int) -> list[R]:
    """Call a function for each item in at most ``limit`` threads; return the results in order.

    Each call runs in a copy of the caller's context (budget, trace). Raises the first failure;
    items that have not started are then skipped.
    """
    pending = list(items)
    if len(pending) < 2 or limit < 2:
        return [function(item) for item in pending]
    contexts = [copy_context() for _ in pending]  # a context cannot be entered twice at once
    failures: list[BaseException] = []

    def call(context: Context, item: T) -> R:
        if failures:
            raise failures[0]
        try:
            return context.run(function, item)
        except BaseException as error:
            failures.append(error)
            raise

    with ThreadPoolExecutor(min(limit, len(pending)), "llmaas-adapter") as pool:
        return list(pool.map(call, contexts, pending))


async def amap_bounded(
    function: Callable[[T], Awaitable[R]], items: Iterable[T], *, limit: int
) -> list[R]:
    """Await a function for each item, at most ``limit`` at a time; return the results in order.

    Raises the first failure, once the others are cancelled and have ended.
    """
    slots = asyncio.Semaphore(max(1, limit))
    failures: list[BaseException] = []

    async def call(item: T) -> R:
        async with slots:
            if failures:  # it woke up before it could be cancelled
                raise asyncio.CancelledError
            try:
                return await function(item)
            except BaseException as error:
                failures.append(error)
                raise

    tasks = [asyncio.ensure_future(call(item)) for item in items]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
