"""The engine of the service's batch endpoint: half the price, a night of patience.

A lot cannot be handed in twice safely: the endpoint is not idempotent, and what became of a
lot that is not found (404) is not told. So each lot is written down before and after it is
handed in, and one whose fate is unknown is asked anew only when ``resubmit`` allows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from llmaas import errors
from llmaas.bulk.error_policy import Action, classify_error
from llmaas.bulk.items import Item
from llmaas.bulk.job import Job
from llmaas.bulk.submitted_batch import SubmittedBatch, restore
from llmaas.messages import normalize_messages
from llmaas.ops.batch import MAX_CONVERSATIONS
from llmaas.types import Batch

POLL_SECONDS = 30.0
"""Between two looks at a lot; the service advises 30 to 60 s."""
MAX_OPEN = 20
"""Lots handed in at once; an instance queues 100, for all its accounts."""
_NOT_TAKEN = (400, 401, 403, 404, 413, 422, 429, 501, 503)
"""Statuses that say that a lot was not taken. After any other failure it may have been."""
_HOPELESS = 10
"""Refusals in a row, for a passing reason, after which nothing more is handed in."""


@dataclass(frozen=True, slots=True)
class BatchEngineOptions:
    """What this engine takes in ``engine_options``."""

    lot_size: int = MAX_CONVERSATIONS
    poll: float = POLL_SECONDS
    max_open: int = MAX_OPEN
    resubmit: bool = False
    """Ask again what earlier runs reported as lost, although it may have been billed."""
    wait: bool = True
    """False hands everything in, collects what is there, and returns: call again later."""


async def run_batch(job: Job, items: Iterator[Item]) -> None:
    """Hand in what is not finished, and collect results until nothing is left."""
    run = _Run(job, BatchEngineOptions(**job.options))
    pending = filter(run.fits, job.todo(items))
    while run.may_go_on:
        await run.hand_in(pending)
        await run.collect()
        run.tell()
        if not run.is_open or not run.choices.wait:
            break
        await asyncio.sleep(run.choices.poll)


class _Run:
    """The lots of one run."""

    def __init__(self, job: Job, choices: BatchEngineOptions) -> None:
        self.job, self.choices = job, choices
        self._more, self._refused, self._refusals = True, list[SubmittedBatch](), 0
        self._is_blind = False
        known, self._number = restore(job.checkpoint)
        self._taken: dict[int, SubmittedBatch] = {}
        for lot in known:
            if lot.lost and choices.resubmit:
                job.checkpoint.note("lot-given-up", lot.number)
            else:
                self._taken.update((item.index, lot) for item in lot.items)
        self._open = {lot.number: lot for lot in known if not lot.lost}

    @property
    def may_go_on(self) -> bool:
        """Whether lots can be looked at, and there is a reason to."""
        return not self._is_blind and (self.job.stopped is None or bool(self._open))

    @property
    def is_open(self) -> bool:
        """Whether anything is still to be handed in or collected."""
        return bool(self._open or self._refused or self._more)

    def fits(self, item: Item) -> bool:
        """Whether an item may go into a lot; one that never may is kept as an error."""
        if item.index in self._taken:
            return False
        try:
            if item.params or item.model not in (None, self.job.model):
                raise errors.InvalidInputError(
                    "A batch has one model and one set of parameters; this line has its own. Use "
                    "the asyncio engine for it."
                )
            normalize_messages(item.messages)
        except errors.InvalidInputError as error:
            self.job.finish(item, error, 0)
            return False
        return True

    async def hand_in(self, pending: Iterator[Item]) -> None:
        """Hand in lots while there is room and the service takes them."""
        while len(self._open) < self.choices.max_open and self.job.stopped is None:
            lot = self._refused.pop() if self._refused else self._next(pending)
            if lot is None or not await self._submit(lot):
                return

    async def collect(self) -> None:
        """Look at every lot; keep the results of those that are done."""
        for lot in list(self._open.values()):
            try:
                batch = await self.job.client.get_batch(lot.id or "")
            except errors.NotFoundError:
                self._lose(lot)
            except errors.APIError as error:
                if classify_error(error) not in (Action.AGAIN, Action.SLOWER):
                    self.job.stopped, self._is_blind = error, True
                    return
            else:
                if batch.done:
                    self._keep(lot, batch)

    def tell(self) -> None:
        """Bring the progress up to date, and say which lots nobody knows about."""
        job = self.job
        lots = (*self._open.values(), *self._refused)
        job.checkpoint.progress.waiting = sum(len(lot.items) for lot in lots)
        job.progress(job.checkpoint.progress)
        job.unconfirmed.clear()
        for index, lot in self._taken.items():
            if lot.lost and index not in job.checkpoint.done:
                job.unconfirmed[lot.name] = job.unconfirmed.get(lot.name, 0) + 1

    def _next(self, pending: Iterator[Item]) -> SubmittedBatch | None:
        items = list(islice(pending, self.choices.lot_size))
        self._more = len(items) == self.choices.lot_size
        self._number += 1
        return SubmittedBatch(self._number - 1, items) if items else None

    async def _submit(self, lot: SubmittedBatch) -> bool:
        """Hand a lot in; tell whether the next may follow at once."""
        job = self.job
        for item in lot.items:
            job.checkpoint.begin(item.index)
        job.checkpoint.note(*lot.entry())
        try:
            batch = await job.client.submit_batch(
                [item.messages for item in lot.items], model=job.model, **job.params
            )
        except Exception as error:
            self._failed(lot, error)
            return False
        job.checkpoint.note("lot-id", lot.number, batch.id)
        self._refusals, lot.id = 0, batch.id
        lot.items = [Item(item.index, id=item.id) for item in lot.items]  # the texts may go
        self._open[lot.number] = lot
        return True

    def _failed(self, lot: SubmittedBatch, error: Exception) -> None:
        status = getattr(error, "status_code", None)
        reached = not isinstance(error, errors.APIConnectionError) or error.reached
        if isinstance(error, errors.APIError) and status not in _NOT_TAKEN and reached:
            self._lose(lot)
            return
        self.job.checkpoint.note("lot-refused", lot.number)
        for item in lot.items:
            self.job.checkpoint.unmark_sent(item.index)
        self._refused.append(lot)
        self._refusals += 1
        passing = classify_error(error) in (Action.SLOWER, Action.AGAIN)
        if not passing or self._refusals >= _HOPELESS:
            self.job.stopped = error

    def _lose(self, lot: SubmittedBatch) -> None:
        """Note that nobody knows what became of a lot."""
        lot.lost = True
        self._open.pop(lot.number, None)
        self._taken.update((item.index, lot) for item in lot.items)
        self.job.checkpoint.note("lot-lost", lot.number)

    def _keep(self, lot: SubmittedBatch, batch: Batch) -> None:
        checkpoint = self.job.checkpoint
        for item, result in zip(lot.items, batch.results, strict=False):
            if item.index not in checkpoint.done:
                sent = max(1, checkpoint.sent.get(item.index, 1))
                self.job.finish(item, result, sent, batch=True)
        checkpoint.sync()
        if len(batch.results) < len(lot.items):  # failed: the rest may have been billed as well
            self._lose(lot)
        else:
            self._open.pop(lot.number)
            checkpoint.note("lot-done", lot.number)
