"""Bulk engine for several processes or machines, on Ray Data (extra ``ray``).

The driver writes the prompts to files in ``OUT.ray``. Workers read them with Ray's reader and
append each answer to a file of their own when it arrives: neither prompts nor answers pass through
Ray's object store, and a node that dies loses no answer. The driver moves complete lines to
``OUT``. All machines need access to that folder. Workers read the key from ``LLMAAS_API_KEY``.
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
from llmaas.bulk.error_policy import Action
from llmaas.bulk.items import Item
from llmaas.bulk.job import Job
from llmaas.bulk.ray_files import (
    ABORTED,
    OUTCOME,
    RECORDED,
    SendCounter,
    WorkerFiles,
    find_answered,
)
from llmaas.bulk.records import build_record
from llmaas.ray import columns
from llmaas.ray.stages import Stage

PROMPTS_PER_FILE = 1_000
"""Prompts in one file, which one worker reads."""
BATCH_SIZE = 64
"""Prompts that Ray passes to a worker at once; it works on several batches concurrently."""
_POLL = 0.5
"""Seconds between two reads of the workers' answers."""


class Worker(Stage):
    """Ray worker that answers prompts of a bulk run and appends the results to its own file."""

    def __init__(self, model: str, *, folder: str, counter: Any, **options: Any) -> None:
        """Prepare a worker that writes into ``folder`` and reports requests to ``counter``."""
        super().__init__(model, **options)
        self._folder, self._counter = Path(folder), counter
        self._file = self._folder / "results" / f"{uuid4().hex}.jsonl"
        self._is_stopped = False

    async def __call__(self, batch: Any) -> AsyncIterator[object]:
        """Answer a batch of lines; yield their number."""
        lines = columns.to_values(columns.to_table(batch), "text")
        items = [Item(**json.loads(line)) for line in lines]
        done = await self._find_done(items)
        runner = self._build_runner()
        todo = (item for item in items if item.index not in done)
        await asyncio.gather(*(self._process(runner, item) for item in todo))
        yield {"answered": [len(items)]}

    async def _find_done(self, items: list[Item]) -> set[int]:
        """Find the answers of a worker that died, if it had started this batch."""
        is_resumed = await self._counter.were_sent.remote([item.index for item in items])
        return find_answered(self._folder) if is_resumed else set()

    async def _process(self, runner: ItemRunner, item: Item) -> None:
        result, sent, action = await runner.run_item(item)
        self._is_stopped = self._is_stopped or action is Action.ABORT
        outcome = ABORTED if action is Action.ABORT else RECORDED
        record = build_record(item, result, sent, batch=False)
        append(self._file, {**record, OUTCOME: outcome})

    def _build_runner(self) -> ItemRunner:
        async def mark_sent(index: int) -> int:
            return int(await self._counter.mark_sent.remote(index))

        async def unmark_sent(index: int) -> None:
            await self._counter.unmark_sent.remote(index)

        return ItemRunner(
            self._client,
            self._model,
            self._params,
            self._retries,
            self._limiter,
            mark_sent,
            unmark_sent,
            lambda: self._is_stopped,
        )


async def run_ray(job: Job, items: Iterator[Item]) -> None:
    """Answer the items with ``workers`` processes. Defaults to 2."""
    ray = _import_ray()
    files = WorkerFiles(job)
    files.recover()
    if await asyncio.to_thread(_write_prompts, job, items, files.folder):
        running = asyncio.create_task(asyncio.to_thread(_run_workers, ray, job, files.folder))
        while not running.done():
            await asyncio.wait({running}, timeout=_POLL)
            files.collect()
        await running
    files.collect()
    files.remove()


def _write_prompts(job: Job, items: Iterator[Item], folder: Path) -> int:
    """Write the pending prompts to files; return the number of files."""
    shutil.rmtree(folder / "todo", ignore_errors=True)
    pending = job.pending(items)
    count = 0
    while block := list(islice(pending, PROMPTS_PER_FILE)):
        (folder / "todo").mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(_to_json(item), default=str) + "\n" for item in block)
        (folder / "todo" / f"{count:08}.jsonl").write_text(text)
        count += 1
    return count


def _run_workers(ray: Any, job: Job, folder: Path) -> None:
    """Run the lines of ``folder/todo`` on actors, which write their results to ``folder``."""
    workers = int(job.options.get("workers", 2))
    if not ray.is_initialized():
        ray.init(num_cpus=job.options.get("cpus"), log_to_driver=False, include_dashboard=False)
    (folder / "results").mkdir(parents=True, exist_ok=True)
    counter = ray.remote(num_cpus=0)(SendCounter).remote(str(folder), dict(job.checkpoint.sent))
    lines = ray.data.read_text(str(folder / "todo"))
    answers = lines.map_batches(
        Worker,
        fn_constructor_args=(job.model,),
        fn_constructor_kwargs=_worker_options(job, folder, counter, workers),
        batch_size=BATCH_SIZE,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=workers),
    )
    for _ in answers.iter_batches(batch_size=None):
        pass  # counts only: answers are in the workers' files


def _worker_options(job: Job, folder: Path, counter: object, workers: int) -> dict[str, object]:
    return {
        "folder": str(folder),
        "counter": counter,
        "settings": job.client.settings,
        "concurrency": max(1, job.concurrency // workers),
        "retries": job.retries,
        **job.params,
    }


def _to_json(item: Item) -> dict[str, object]:
    names = ("index", "messages", "id", "params", "model")
    return {name: getattr(item, name) for name in names}


def _import_ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ConfigurationError("engine 'ray' needs Ray: pip install 'llmaas[ray]'") from error
    return ray
