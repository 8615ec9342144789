"""Bulk engine of this process: concurrent calls with asyncio."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llmaas.bulk.concurrency import AdaptiveLimiter
from llmaas.bulk.error_policy import Action, classify_error, is_refused_locally
from llmaas.bulk.items import Item
from llmaas.bulk.job import Job
from llmaas.client import AsyncLLMaaS
from llmaas.errors import LLMaaSError, ModelNotFoundError
from llmaas.types import Completion

_INITIAL_CONCURRENCY = 8
_MAX_CONSECUTIVE_FAILURES = 20
"""Items in a row with a transient or unexpected error, after which the service counts as down."""
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
"""Seconds before an item is retried, doubling."""


@dataclass
class ItemRunner:
    """Sends an item until it has an answer or a permanent error."""

    client: AsyncLLMaaS
    model: str
    params: Mapping[str, Any]
    retries: int
    limiter: AdaptiveLimiter
    mark_sent: Callable[[int], Awaitable[int]]
    """Record a request before it is sent; return how many the item has."""
    unmark_sent: Callable[[int], Awaitable[None]]
    """Take back the record of a request that was refused before it was sent."""
    is_stopped: Callable[[], bool] = lambda: False

    async def run_item(self, item: Item) -> tuple[Completion | Exception, int, Action]:
        """Return the answer or the error, the number of requests sent, and the reaction."""
        failures = 0
        while True:
            acquired_at = await self.limiter.acquire()
            if self.is_stopped():
                await self.limiter.release()
                return RuntimeError("the run was stopped"), 0, Action.ABORT
            result, sent = await self._send(item)
            action = _choose_action(result, item)
            await self._update_limiter(result, action, acquired_at)
            if action is Action.RETRY and failures < self.retries:
                failures += 1
                await asyncio.sleep(_backoff(failures))
            elif action is not Action.THROTTLE:
                return result, sent, action

    async def _send(self, item: Item) -> tuple[Completion | Exception, int]:
        sent = await self.mark_sent(item.index)
        options = {**self.params, **item.params}
        try:
            model = item.model or self.model
            return await self.client.chat(item.messages, model=model, **options), sent
        except Exception as error:
            if is_refused_locally(error):
                await self.unmark_sent(item.index)
                sent -= 1
            return error, sent

    async def _update_limiter(
        self, result: Completion | Exception, action: Action, acquired_at: float
    ) -> None:
        if action is Action.THROTTLE:
            await self.limiter.on_throttle(acquired_at, getattr(result, "retry_after", None))
        elif isinstance(result, Exception):
            await self.limiter.release()
        else:
            await self.limiter.on_success()


async def run_asyncio(job: Job, items: Iterator[Item]) -> None:
    """Answer the items with at most ``concurrency`` calls in flight."""
    limiter = AdaptiveLimiter(_INITIAL_CONCURRENCY, job.concurrency)
    slots = asyncio.Semaphore(job.concurrency)
    run = _Run(job, _build_runner(job, limiter), slots)
    try:
        async with asyncio.TaskGroup() as group:
            for item in job.pending(items):
                await slots.acquire()
                if job.stopped is not None:
                    break
                job.checkpoint.progress.concurrency = int(limiter.limit)
                group.create_task(run.process(item))
    except BaseExceptionGroup as failed:  # the first is the cause; it cancelled the others
        raise failed.exceptions[0] from None


class _Run:
    """One run, and the consecutive failures that stop it."""

    def __init__(self, job: Job, runner: ItemRunner, slots: asyncio.Semaphore) -> None:
        self._job, self._runner, self._slots = job, runner, slots
        self._consecutive_failures = 0

    async def process(self, item: Item) -> None:
        """Answer one item and write its result."""
        try:
            result, sent, action = await self._runner.run_item(item)
            self._save(item, result, sent, action)
        finally:
            self._slots.release()

    def _save(self, item: Item, result: Completion | Exception, sent: int, action: Action) -> None:
        if action is Action.ABORT and isinstance(result, Exception):
            self._job.stop(result)
            return
        if _is_failure(result, action) and isinstance(result, Exception):
            self._consecutive_failures += 1
            if self._consecutive_failures >= _MAX_CONSECUTIVE_FAILURES:
                self._job.stop(result)
        else:
            self._consecutive_failures = 0
        self._job.save(item, result, sent)


def _is_failure(result: Completion | Exception, action: Action) -> bool:
    """Whether a result says that the service, or this code, does not work."""
    is_unexpected = isinstance(result, Exception) and not isinstance(result, LLMaaSError)
    return is_unexpected or action is Action.RETRY


def _choose_action(result: Completion | Exception, item: Item) -> Action:
    """Choose the reaction. An unknown model that a line names for itself is that line's error."""
    if not isinstance(result, Exception):
        return Action.RECORD
    if item.model is not None and isinstance(result, ModelNotFoundError):
        return Action.RECORD
    return classify_error(result)


def _build_runner(job: Job, limiter: AdaptiveLimiter) -> ItemRunner:
    async def mark_sent(index: int) -> int:
        return job.checkpoint.mark_sent(index)

    async def unmark_sent(index: int) -> None:
        job.checkpoint.unmark_sent(index)

    return ItemRunner(
        job.client,
        job.model,
        job.params,
        job.retries,
        limiter,
        mark_sent,
        unmark_sent,
        lambda: job.stopped is not None,
    )


def _backoff(failures: int) -> float:
    delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (failures - 1))
    return float(delay * random.uniform(0.5, 1))  # noqa: S311
