"""The engine of this process: many calls at once with asyncio."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from llmaas.bulk.concurrency import AdaptiveLimiter
from llmaas.bulk.error_policy import Action, classify_error, sent_nothing
from llmaas.bulk.items import Item
from llmaas.bulk.job import Job
from llmaas.client import AsyncLLMaaS
from llmaas.errors import LLMaaSError, ModelNotFoundError
from llmaas.types import Completion

_FIRST = 8
"""Calls at once to begin with."""
_HOPELESS = 20
"""Items in a row that failed for the same passing reason: the service is away."""
_BASE, _CAP = 0.5, 30.0
"""Seconds before an item is tried again, doubling."""


@dataclass
class ItemRunner:
    """Asks for one item until there is an answer or a lasting error."""

    client: AsyncLLMaaS
    model: str
    params: Any
    retries: int
    pace: AdaptiveLimiter
    begin: Callable[[int], Awaitable[int]]
    unmark_sent: Callable[[int], Awaitable[None]]
    may_go_on: Callable[[], bool] = lambda: True

    async def ask(self, item: Item) -> tuple[Completion | Exception, int, Action]:
        """Return the answer or the error, how often it was sent, and what the error means."""
        failures = 0
        while True:
            entered = await self.pace.enter()
            if not self.may_go_on():
                await self.pace.leave()
                return RuntimeError("the run was stopped"), 0, Action.STOP
            result, sent = await self._once(item)
            fate = _fate(result, item)
            await self._tell(result, fate, entered)
            if fate is Action.AGAIN and failures < self.retries:
                failures += 1
                await asyncio.sleep(_backoff(failures))
            elif fate is not Action.SLOWER:
                return result, sent, fate

    async def _once(self, item: Item) -> tuple[Completion | Exception, int]:
        sent = await self.begin(item.index)
        options = {**self.params, **item.params}
        try:
            model = item.model or self.model
            return await self.client.chat(item.messages, model=model, **options), sent
        except Exception as error:
            if sent_nothing(error):
                await self.unmark_sent(item.index)
                sent -= 1
            return error, sent

    async def _tell(self, result: Any, fate: Action, entered: float) -> None:
        if fate is Action.SLOWER:
            await self.pace.on_throttle(entered, getattr(result, "retry_after", None))
        elif isinstance(result, Exception):
            await self.pace.leave()
        else:
            await self.pace.on_success()


async def run_asyncio(job: Job, items: Iterator[Item]) -> None:
    """Answer the items with at most ``concurrency`` calls at once."""
    pace = AdaptiveLimiter(_FIRST, job.concurrency)
    asker = _asker(job, pace)
    slots = asyncio.Semaphore(job.concurrency)
    run = _Run(job, asker, slots)
    try:
        async with asyncio.TaskGroup() as group:
            for item in job.todo(items):
                await slots.acquire()
                if job.stopped is not None:
                    break
                job.checkpoint.progress.concurrency = int(pace.limit)
                group.create_task(run.one(item))
    except BaseExceptionGroup as failed:  # the first tells why; it ended the others
        raise failed.exceptions[0] from None


class _Run:
    """One run, and the failures in a row that end it."""

    def __init__(self, job: Job, asker: ItemRunner, slots: asyncio.Semaphore) -> None:
        self._job, self._asker, self._slots = job, asker, slots
        self._in_a_row = 0

    async def one(self, item: Item) -> None:
        """Answer one item and keep what came."""
        try:
            result, sent, fate = await self._asker.ask(item)
            self._keep(item, result, sent, fate)
        finally:
            self._slots.release()

    def _keep(self, item: Item, result: Any, sent: int, fate: Action) -> None:
        if fate is Action.STOP:
            self._job.stopped = self._job.stopped or result
            return
        unexpected = isinstance(result, Exception) and not isinstance(result, LLMaaSError)
        self._in_a_row = self._in_a_row + 1 if unexpected or fate is Action.AGAIN else 0
        if self._in_a_row >= _HOPELESS:
            self._job.stopped = self._job.stopped or result
        self._job.finish(item, result, sent)


def _fate(result: Completion | Exception, item: Item) -> Action:
    """Tell what an error means. One that a line's own model or parameters make is its own."""
    fate = classify_error(result) if isinstance(result, Exception) else Action.KEPT
    if fate is Action.STOP and item.model is not None and isinstance(result, ModelNotFoundError):
        return Action.KEPT
    return fate


def _asker(job: Job, pace: AdaptiveLimiter) -> ItemRunner:
    async def begin(index: int) -> int:
        return job.checkpoint.begin(index)

    async def unmark_sent(index: int) -> None:
        job.checkpoint.unmark_sent(index)

    return ItemRunner(
        job.client,
        job.model,
        job.params,
        job.retries,
        pace,
        begin,
        unmark_sent,
        lambda: job.stopped is None,
    )


def _backoff(failures: int) -> float:
    return float(min(_CAP, _BASE * 2 ** (failures - 1)) * random.uniform(0.5, 1))  # noqa: S311
