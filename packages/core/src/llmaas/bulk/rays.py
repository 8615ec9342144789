"""The engine of several processes or machines: Ray Data (extra ``ray``).

Workers read the key from ``LLMAAS_API_KEY``: it never travels. A worker that dies is replaced,
and what it was doing is done again; how often each prompt was sent is counted beside the
workers, so that the result lines tell it. Share quotas through a ``RedisLedger``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from llmaas.bulk.here import Asker
from llmaas.bulk.items import Item
from llmaas.bulk.job import Job
from llmaas.bulk.pace import Pace
from llmaas.bulk.records import line_of, record_of
from llmaas.client import AsyncLLMaaS
from llmaas.errors import ConfigurationError
from llmaas.settings import Settings

BLOCK = 4_096
"""Prompts given to Ray at a time; only these are held in memory."""
BATCH = 16
"""Prompts that a worker takes at a time."""


class Witness:
    """Counts what was sent, beside the workers: it outlives each of them."""

    def __init__(self, sent: Mapping[int, int]) -> None:
        self._sent = dict(sent)

    def begin(self, index: int) -> int:
        """Count one sending; return how many that makes."""
        self._sent[index] = self._sent.get(index, 0) + 1
        return self._sent[index]

    def take_back(self, index: int) -> None:
        """Count one less: the call was refused before it was sent."""
        self._sent[index] -= 1


class Worker:
    """Answers batches of prompts in a process of its own."""

    def __init__(
        self, settings: Settings, model: str, params: Any, limits: tuple[int, int], witness: Any
    ) -> None:
        self._settings, self._model, self._params = settings, model, params
        self._concurrency, self._retries = limits
        self._witness = witness

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[str]]:
        """Answer a batch; each result is a line."""
        items = [Item(**json.loads(text)) for text in batch["item"]]
        return {"line": asyncio.run(self._answer(items))}

    async def _answer(self, items: list[Item]) -> list[str]:
        async def begin(index: int) -> int:
            return int(await self._witness.begin.remote(index))

        async def take_back(index: int) -> None:
            await self._witness.take_back.remote(index)

        asker = Asker(
            AsyncLLMaaS.of(self._settings),
            self._model,
            self._params,
            self._retries,
            Pace(self._concurrency, self._concurrency),
            begin,
            take_back,
        )
        answers = await asyncio.gather(*map(asker.ask, items))
        return [
            line_of({**record_of(item, result, sent, batch=False), "fate": fate.value})
            for item, (result, sent, fate) in zip(items, answers, strict=True)
        ]


async def run_rays(job: Job, items: Iterator[Item]) -> None:
    """Answer the items with ``workers`` processes (2 unless ``engine_options`` says otherwise)."""
    ray = _ray()
    workers = int(job.options.get("workers", 2))
    if not ray.is_initialized():
        ray.init(num_cpus=job.options.get("cpus"), log_to_driver=False, include_dashboard=False)
    todo = job.todo(items)
    while block := list(islice(todo, BLOCK)):
        await asyncio.to_thread(_answer_block, ray, job, block, workers)


def _answer_block(ray: Any, job: Job, block: list[Item], workers: int) -> None:
    sent = {item.index: job.book.sent.get(item.index, 0) for item in block}
    for item in block:
        job.book.begin(item.index)
    witness = ray.remote(num_cpus=0)(Witness).remote(sent)
    share = max(1, job.concurrency // workers)
    texts = [{"item": json.dumps(_plain(item), default=str)} for item in block]
    answered = ray.data.from_items(texts, override_num_blocks=min(len(texts), 4 * workers))
    answered = answered.map_batches(
        Worker,
        fn_constructor_args=(
            job.client.settings,
            job.model,
            dict(job.params),
            (share, job.retries),
            witness,
        ),
        batch_size=BATCH,
        concurrency=workers,
    )
    for row in answered.iter_rows():
        _keep(job, json.loads(row["line"]))


def _keep(job: Job, record: dict[str, Any]) -> None:
    stops = record.pop("fate") == "stop"
    if stops:
        job.stopped = job.stopped or RuntimeError(record["error"]["message"])
    else:
        job.book.sent[record["index"]] = record["sent"]
        job.keep(record)


def _plain(item: Item) -> dict[str, Any]:
    names = ("index", "messages", "id", "params", "model")
    return {name: getattr(item, name) for name in names}


def _ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ConfigurationError("the engine needs Ray: pip install 'llmaas[ray]'") from error
    return ray
