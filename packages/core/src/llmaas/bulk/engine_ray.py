"""The engine of several processes or machines, on a stage for Ray Data (extra ``ray``).

The driver puts the prompts into files of ``OUT.ray``; workers read them by Ray's reader and append
each answer to a file of their own as soon as it came, so that neither prompts nor answers pass
through Ray's object store, and a node that dies loses no answer. The driver moves finished lines
to ``OUT``. All machines must see that folder. Workers read the key from ``LLMAAS_API_KEY``.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from llmaas._errors_base import ConfigurationError
from llmaas._jsonl import append
from llmaas.bulk.engine_asyncio import ItemRunner
from llmaas.bulk.items import Item
from llmaas.bulk.job import Job
from llmaas.bulk.ray_parts import Parts, SendCounter, answered
from llmaas.bulk.records import build_record
from llmaas.ray import columns
from llmaas.ray.stages import Stage

FILE = 1_000
"""Prompts in one file, which one worker reads."""
BATCH = 64
"""Prompts that a worker takes at a time; it works on several such batches at once."""
_POLL = 0.5
"""Seconds between two looks at the answers of the workers."""


class Worker(Stage):
    """Answers prompts of a bulk run and appends the results to a file of its own."""

    def __init__(self, model: str, *, folder: str, counter: Any, **options: Any) -> None:
        """Prepare a worker that writes into ``folder`` and reports requests to ``counter``."""
        super().__init__(model, **options)
        self._folder, self._counter = Path(folder), counter
        self._file = self._folder / "results" / f"{uuid4().hex}.jsonl"
        self._is_stopped = False

    async def __call__(self, batch: Any) -> AsyncIterator[Any]:
        """Answer a batch of lines; give back their number."""
        lines = columns.to_values(columns.to_table(batch), "text")
        items = [Item(**json.loads(line)) for line in lines]
        done = await self._done_before(items)
        asker = self._asker()
        await asyncio.gather(*(self._item(asker, item) for item in items if item.index not in done))
        yield {"answered": [len(items)]}

    async def _done_before(self, items: list[Item]) -> set[int]:
        """Return what a worker that died has answered, where this batch was begun before."""
        begun = await self._counter.were_sent.remote([item.index for item in items])
        return answered(self._folder) if begun else set()

    async def _item(self, asker: ItemRunner, item: Item) -> None:
        result, sent, fate = await asker.ask(item)
        if fate.value == "stop":
            self._is_stopped = True
        record = {**build_record(item, result, sent, batch=False), "fate": fate.value}
        append(self._file, record)

    def _asker(self) -> ItemRunner:
        async def begin(index: int) -> int:
            return int(await self._counter.begin.remote(index))

        async def unmark_sent(index: int) -> None:
            await self._counter.unmark_sent.remote(index)

        return ItemRunner(
            self._client,
            self._model,
            self._params,
            self._retries,
            self._pace,
            begin,
            unmark_sent,
            lambda: not self._is_stopped,
        )


async def run_ray(job: Job, items: Iterator[Item]) -> None:
    """Answer the items with ``workers`` processes (Defaults to 2)."""
    ray = _ray()
    parts = Parts(job)
    parts.recover()
    spooled = await asyncio.to_thread(_spool, job, items, parts.folder)
    if spooled:
        running = asyncio.create_task(asyncio.to_thread(_answer, ray, job, parts.folder))
        while not running.done():
            await asyncio.wait({running}, timeout=_POLL)
            parts.collect()
        await running
    parts.collect()
    parts.remove()


def _spool(job: Job, items: Iterator[Item], folder: Path) -> int:
    """Write what is left to do into files; return how many there are."""
    shutil.rmtree(folder / "todo", ignore_errors=True)
    todo = job.todo(items)
    count = 0
    while block := list(islice(todo, FILE)):
        (folder / "todo").mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(_plain(item), default=str) + "\n" for item in block)
        (folder / "todo" / f"{count:08}.jsonl").write_text(text)
        count += 1
    return count


def _answer(ray: Any, job: Job, folder: Path) -> None:
    workers = int(job.options.get("workers", 2))
    if not ray.is_initialized():
        ray.init(num_cpus=job.options.get("cpus"), log_to_driver=False, include_dashboard=False)
    (folder / "results").mkdir(parents=True, exist_ok=True)
    counter = ray.remote(num_cpus=0)(SendCounter).remote(str(folder), dict(job.checkpoint.sent))
    lines = ray.data.read_text(str(folder / "todo"))
    answers = lines.map_batches(
        Worker,
        fn_constructor_args=(job.model,),
        fn_constructor_kwargs=_options(job, folder, counter, workers),
        batch_size=BATCH,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=workers),
    )
    for _ in answers.iter_batches(batch_size=None):
        pass  # counts only: the answers are in the files of the workers


def _options(job: Job, folder: Path, counter: Any, workers: int) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "counter": counter,
        "settings": job.client.settings,
        "concurrency": max(1, job.concurrency // workers),
        "retries": job.retries,
        **job.params,
    }


def _plain(item: Item) -> dict[str, Any]:
    names = ("index", "messages", "id", "params", "model")
    return {name: getattr(item, name) for name in names}


def _ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ConfigurationError("engine 'ray' needs Ray: pip install 'llmaas[ray]'") from error
    return ray
