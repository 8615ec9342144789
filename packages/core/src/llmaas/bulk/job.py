"""Job of a bulk run, and the interface of engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from llmaas._errors_base import InvalidInputError
from llmaas.bulk.checkpoint import Checkpoint
from llmaas.bulk.items import Item
from llmaas.bulk.progress import Progress
from llmaas.bulk.records import Record, build_record
from llmaas.client import AsyncLLMaaS
from llmaas.types import Completion


@dataclass
class Job:
    """One run: client, model, parameters and checkpoint."""

    client: AsyncLLMaaS
    model: str
    params: Mapping[str, Any]
    checkpoint: Checkpoint
    concurrency: int = 32
    retries: int = 4
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the engine."""
    progress: Callable[[Progress], None] = lambda progress: None
    stopped: Exception | None = None
    """Error that stopped the run; nothing more is sent."""
    unconfirmed: dict[str, int] = field(default_factory=dict)
    """Conversations that may have been billed without an answer, by batch."""

    def stop(self, error: Exception) -> None:
        """Stop the run; the first error is the one that is raised."""
        self.stopped = self.stopped or error

    def pending(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield the unfinished items; write an error for each that is not a prompt."""
        for item in items:
            if self.stopped is not None:
                return
            if item.index in self.checkpoint.done:
                continue
            if item.problem is not None:
                self.save(item, InvalidInputError(item.problem), 0)
            else:
                yield item

    def save(
        self, item: Item, result: Completion | Exception, sent: int, *, batch: bool = False
    ) -> None:
        """Write a result and report the progress."""
        self.save_record(build_record(item, result, sent, batch=batch))

    def save_record(self, record: Record) -> None:
        """Write a record and report the progress."""
        self.checkpoint.save_result(record)
        progress = self.checkpoint.progress
        progress.micro_eur += record["cost_micro_eur"]
        progress.count(ok=record["ok"])
        self.progress(progress)


class Engine(Protocol):
    """Function that answers all items of a job; a failed item gets an error as its result."""

    async def __call__(self, job: Job, items: Iterator[Item]) -> None:
        """Run until every item is finished or the job is stopped."""
