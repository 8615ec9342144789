"""Several requests under way at once, but not more than so many."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def each(do: Callable[[T], R], items: Iterable[T], *, limit: int) -> list[R]:
    """Return the results in order; the first failure is raised, what has not begun is left.

    Each thread has the caller's context: its budget, its trace, what its usage is for.
    """
    todo = list(items)
    if len(todo) < 2 or limit < 2:
        return [do(item) for item in todo]
    inside = [copy_context() for _ in todo]  # one cannot be entered twice at a time
    failures: list[BaseException] = []

    def one(context: Context, item: T) -> R:
        if failures:
            raise failures[0]
        try:
            return context.run(do, item)
        except BaseException as error:
            failures.append(error)
            raise

    with ThreadPoolExecutor(min(limit, len(todo)), "llmaas-haystack") as pool:
        return list(pool.map(one, inside, todo))


async def each_async(do: Callable[[T], Awaitable[R]], items: Iterable[T], *, limit: int) -> list[R]:
    """Return the results in order; the first failure is raised, the others are cancelled."""
    slots = asyncio.Semaphore(max(1, limit))
    failures: list[BaseException] = []

    async def one(item: T) -> R:
        async with slots:
            if failures:  # this one wakes before it can be cancelled
                raise asyncio.CancelledError
            try:
                return await do(item)
            except BaseException as error:
                failures.append(error)
                raise

    tasks = [asyncio.ensure_future(one(item)) for item in items]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
