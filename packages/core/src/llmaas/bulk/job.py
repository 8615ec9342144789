"""What engines share: the job, and the interface that each of them is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from llmaas._errors_base import InvalidInputError
from llmaas.bulk.checkpoint import Checkpoint
from llmaas.bulk.items import Item
from llmaas.bulk.progress import Progress
from llmaas.bulk.records import build_record
from llmaas.client import AsyncLLMaaS
from llmaas.types import Completion


@dataclass
class Job:
    """One run: what to ask, of whom, and where results go."""

    client: AsyncLLMaaS
    model: str
    params: Mapping[str, Any]
    checkpoint: Checkpoint
    concurrency: int = 32
    retries: int = 4
    options: Mapping[str, Any] = field(default_factory=dict)
    """What only one engine takes."""
    progress: Callable[[Progress], None] = lambda progress: None
    stopped: Exception | None = None
    """Why nothing more is sent."""
    unconfirmed: dict[str, int] = field(default_factory=dict)
    """Conversations that may have been billed without an answer, by lot."""

    def todo(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield the items that are not finished; keep what is no prompt as an error."""
        for item in items:
            if self.stopped is not None:
                return
            if item.index in self.checkpoint.done:
                continue
            if item.problem is not None:
                self.finish(item, InvalidInputError(item.problem), 0)
            else:
                yield item

    def finish(
        self, item: Item, result: Completion | Exception, sent: int, *, batch: bool = False
    ) -> None:
        """Keep a result, count it, and tell."""
        self.keep(build_record(item, result, sent, batch=batch))

    def keep(self, record: dict[str, Any]) -> None:
        """Keep a result that is a record already."""
        self.checkpoint.finish(record)
        progress = self.checkpoint.progress
        progress.micro_eur += record["cost_micro_eur"]
        progress.count(ok=record["ok"])
        self.progress(progress)


class Engine(Protocol):
    """Answers all items of a job; what cannot be answered is an error of the item."""

    async def __call__(self, job: Job, items: Iterator[Item]) -> None:
        """Work until every item is finished or the job is stopped."""
