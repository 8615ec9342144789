"""Bulk engine of the service's batch endpoint: half price, results within 24 hours.

A batch cannot be submitted twice safely: the endpoint is not idempotent, and a 404 does not say
whether a batch was processed. So each batch is recorded before and after it is submitted, and one
whose outcome is unknown is submitted again only when ``resubmit`` allows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from llmaas import errors
from llmaas.bulk import submitted_batch as events
from llmaas.bulk.error_policy import Action, classify_error
from llmaas.bulk.items import Item
from llmaas.bulk.job import Job
from llmaas.bulk.submitted_batch import SubmittedBatch, restore
from llmaas.messages import normalize_messages
from llmaas.ops.batch import MAX_CONVERSATIONS
from llmaas.types import Batch

POLL_SECONDS = 30.0
"""Seconds between two requests for a batch; the service advises 30 to 60."""
MAX_OPEN = 20
"""Batches in progress at once; an instance queues 100 for all of its accounts."""
_REJECTED_STATUSES = (400, 401, 403, 404, 413, 422, 429, 501, 503)
"""Statuses after which a batch was not accepted. After any other failure it may have been."""
_MAX_CONSECUTIVE_REJECTIONS = 10
"""Rejections in a row for a transient reason, after which the run stops."""


@dataclass(frozen=True, slots=True)
class BatchEngineOptions:
    """Options of this engine (``engine_options``)."""

    batch_size: int = MAX_CONVERSATIONS
    poll: float = POLL_SECONDS
    max_open: int = MAX_OPEN
    resubmit: bool = False
    """Submit lost batches of earlier runs again, although they may have been billed."""
    wait: bool = True
    """False submits, collects what is ready, and returns: a later call collects the rest."""


async def run_batch(job: Job, items: Iterator[Item]) -> None:
    """Submit the unfinished items, and collect results until nothing is left."""
    run = _Run(job, BatchEngineOptions(**job.options))
    pending = filter(run.accepts, job.pending(items))
    while run.can_continue:
        await run.submit_batches(pending)
        await run.collect_results()
        run.report_progress()
        if not run.is_open or not run.options.wait:
            break
        await asyncio.sleep(run.options.poll)


class _Run:
    """Batches of one run."""

    def __init__(self, job: Job, options: BatchEngineOptions) -> None:
        self.job, self.options = job, options
        self._has_more_items, self._cannot_poll = True, False
        self._rejected = list[SubmittedBatch]()
        self._consecutive_rejections = 0
        known, self._next_number = restore(job.checkpoint)
        self._batch_by_index: dict[int, SubmittedBatch] = {}
        """Batches of earlier runs, and lost ones, by the index of their items."""
        for batch in known:
            if batch.lost and options.resubmit:
                job.checkpoint.append_event(events.ABANDONED, batch.number)
            else:
                self._index(batch)
        self._open = {batch.number: batch for batch in known if not batch.lost}

    @property
    def can_continue(self) -> bool:
        """Whether batches can be polled, and the run is not stopped or has open ones."""
        return not self._cannot_poll and (self.job.stopped is None or bool(self._open))

    @property
    def is_open(self) -> bool:
        """Whether anything is left to submit or to collect."""
        return bool(self._open or self._rejected or self._has_more_items)

    def accepts(self, item: Item) -> bool:
        """Whether an item is to be submitted. One that no batch can hold becomes an error."""
        if item.index in self._batch_by_index:
            return False
        try:
            if item.params or item.model not in (None, self.job.model):
                raise errors.InvalidInputError(
                    "A batch has one model and one set of parameters; this line has its own. Use "
                    "the asyncio engine for it."
                )
            normalize_messages(item.messages)
        except errors.InvalidInputError as error:
            self.job.save(item, error, 0)
            return False
        return True

    async def submit_batches(self, pending: Iterator[Item]) -> None:
        """Submit batches up to ``max_open``, as long as the service accepts them."""
        while len(self._open) < self.options.max_open and self.job.stopped is None:
            batch = self._rejected.pop() if self._rejected else self._next_batch(pending)
            if batch is None or not await self._submit(batch):
                return

    async def collect_results(self) -> None:
        """Poll every open batch, and save the results of those that are done."""
        for batch in list(self._open.values()):
            try:
                response = await self.job.client.get_batch(batch.id or "")
            except errors.NotFoundError:
                self._mark_lost(batch)
            except errors.APIError as error:
                if classify_error(error) not in (Action.RETRY, Action.THROTTLE):
                    self.job.stopped, self._cannot_poll = error, True
                    return
            else:
                if response.done:
                    self._save_results(batch, response)

    def report_progress(self) -> None:
        """Update the progress and the list of batches with an unknown outcome."""
        job = self.job
        waiting = (*self._open.values(), *self._rejected)
        job.checkpoint.progress.waiting = sum(len(batch.items) for batch in waiting)
        job.progress(job.checkpoint.progress)
        job.unconfirmed.clear()
        for index, batch in self._batch_by_index.items():
            if batch.lost and index not in job.checkpoint.done:
                job.unconfirmed[batch.name] = job.unconfirmed.get(batch.name, 0) + 1

    def _next_batch(self, pending: Iterator[Item]) -> SubmittedBatch | None:
        items = list(islice(pending, self.options.batch_size))
        self._has_more_items = len(items) == self.options.batch_size
        self._next_number += 1
        return SubmittedBatch(self._next_number - 1, items) if items else None

    async def _submit(self, batch: SubmittedBatch) -> bool:
        """Submit a batch; return whether the next may follow at once."""
        job = self.job
        for item in batch.items:
            job.checkpoint.mark_sent(item.index)
        job.checkpoint.append_event(*batch.to_event())
        try:
            response = await job.client.submit_batch(
                [item.messages for item in batch.items], model=job.model, **job.params
            )
        except Exception as error:
            self._handle_failure(batch, error)
            return False
        job.checkpoint.append_event(events.ACCEPTED, batch.number, response.id)
        self._consecutive_rejections, batch.id = 0, response.id
        batch.items = [Item(item.index, id=item.id) for item in batch.items]  # frees the texts
        self._open[batch.number] = batch
        return True

    def _handle_failure(self, batch: SubmittedBatch, error: Exception) -> None:
        status = getattr(error, "status_code", None)
        reached = not isinstance(error, errors.APIConnectionError) or error.reached
        if isinstance(error, errors.APIError) and status not in _REJECTED_STATUSES and reached:
            self._mark_lost(batch)
            return
        self.job.checkpoint.append_event(events.REJECTED, batch.number)
        for item in batch.items:
            self.job.checkpoint.unmark_sent(item.index)
        self._rejected.append(batch)
        self._consecutive_rejections += 1
        is_transient = classify_error(error) in (Action.THROTTLE, Action.RETRY)
        if not is_transient or self._consecutive_rejections >= _MAX_CONSECUTIVE_REJECTIONS:
            self.job.stopped = error

    def _mark_lost(self, batch: SubmittedBatch) -> None:
        """Record that the outcome of a batch is unknown."""
        batch.lost = True
        self._open.pop(batch.number, None)
        self._index(batch)
        self.job.checkpoint.append_event(events.LOST, batch.number)

    def _index(self, batch: SubmittedBatch) -> None:
        self._batch_by_index.update((item.index, batch) for item in batch.items)

    def _save_results(self, batch: SubmittedBatch, response: Batch) -> None:
        checkpoint = self.job.checkpoint
        for item, result in zip(batch.items, response.results, strict=False):
            if item.index not in checkpoint.done:
                sent = max(1, checkpoint.sent.get(item.index, 1))
                self.job.save(item, result, sent, batch=True)
        checkpoint.sync()
        if len(response.results) < len(batch.items):  # it failed: the rest may have been billed
            self._mark_lost(batch)
        else:
            self._open.pop(batch.number)
            checkpoint.append_event(events.COMPLETED, batch.number)
