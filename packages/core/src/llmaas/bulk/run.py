"""Run many prompts: the one door to all engines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from llmaas._errors_base import ConfigurationError, LLMaaSError
from llmaas.bulk.checkpoint import Checkpoint, begun_with
from llmaas.bulk.items import Source, count_items, fingerprint, read_items
from llmaas.bulk.job import Engine, Job
from llmaas.bulk.progress import Progress
from llmaas.bulk.sorting import sort_results
from llmaas.client import AsyncLLMaaS, LLMaaS

ENGINES = {
    "asyncio": ("llmaas.bulk.engine_asyncio", "run_asyncio"),
    "batch": ("llmaas.bulk.engine_batch", "run_batch"),
    "ray": ("llmaas.bulk.engine_ray", "run_ray"),
}
"""Where each engine lives."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended."""

    out: Path
    progress: Progress
    resent: int = 0
    """Items that were sent more than once, because an attempt ended without an answer (a kill, a
    broken connection): each may have been billed more than once. Their lines tell ``sent``."""
    unconfirmed: Mapping[str, int] = field(default_factory=dict)
    """Conversations in lots that are lost: they may have been billed, and were not resubmitted."""

    @property
    def complete(self) -> bool:
        """Whether every item has a result or an error."""
        return not self.unconfirmed and not self.progress.waiting


class BulkStoppedError(LLMaaSError):
    """The run stopped early; everything finished is kept, and the same call goes on from there."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (str(self), self.report))


def run(source: Source, out: str | Path, *, model: str, **options: Any) -> Report:
    """Answer all prompts of ``source`` into the JSONL file ``out`` (see ``arun``)."""
    return asyncio.run(arun(source, out, model=model, **options))


async def arun(
    source: Source,
    out: str | Path,
    *,
    model: str,
    client: LLMaaS | AsyncLLMaaS | None = None,
    engine: str = "asyncio",
    concurrency: int = 32,
    retries: int = 4,
    retry_errors: bool = False,
    ordered: bool = False,
    system: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    engine_options: Mapping[str, Any] | None = None,
    **params: Any,
) -> Report:
    """Answer all prompts of ``source`` into the JSONL file ``out``.

    ``source`` is a JSONL file (a string, a list of messages, or an object with ``prompt`` or
    ``messages`` and perhaps ``id`` and ``params``, on each line) or an iterable of the same.
    Called again with the same arguments, a run that was killed goes on. An item's error is
    kept in its line; ``retry_errors`` asks for those anew. ``params`` go into every call, and
    ``system`` stands before every conversation.
    Raises ``BulkStoppedError`` when going on makes no sense: a wrong key, an exhausted budget.
    """
    work = _engine(engine)
    path = Path(out)
    head = _head(source, path, model, engine, {**params, "system": system})
    checkpoint = Checkpoint(path, head, retry_errors=retry_errors)
    try:
        job = _job(client, checkpoint, model, params, concurrency, retries, engine_options or {})
        job.progress = progress or job.progress
        checkpoint.progress.total = count_items(source)
        job.progress(checkpoint.progress)
        await work(job, read_items(source, system))
    finally:
        checkpoint.close()
    report = Report(path, checkpoint.progress, checkpoint.resent, job.unconfirmed)
    if job.stopped is not None:
        raise BulkStoppedError(_why(job.stopped, report), report) from job.stopped
    if ordered:
        sort_results(path)
    return report


def _engine(name: str) -> Engine:
    if name not in ENGINES:
        raise ConfigurationError(f"no engine {name!r}; there are {', '.join(ENGINES)}")
    module, function = ENGINES[name]
    engine: Engine = getattr(import_module(module), function)
    return engine


def _head(source: Source, out: Path, model: str, engine: str, params: Any) -> dict[str, Any]:
    size = begun_with(out).get("input", {}).get("bytes")
    shared = {name: str(value) for name, value in sorted(params.items())}
    return {
        "model": model,
        "engine": engine,
        "params": shared,
        "input": fingerprint(source, size),
    }


def _job(
    client: LLMaaS | AsyncLLMaaS | None,
    checkpoint: Checkpoint,
    model: str,
    params: Mapping[str, Any],
    concurrency: int,
    retries: int,
    options: Mapping[str, Any],
) -> Job:
    if not isinstance(client, AsyncLLMaaS):
        client = AsyncLLMaaS.from_settings(client.settings) if client is not None else AsyncLLMaaS()
    # The run retries by itself, because every attempt is written down before it is made.
    asking = client.with_options(max_retries=0)
    return Job(asking, model, params, checkpoint, concurrency, retries, options)


def _why(error: Exception, report: Report) -> str:
    done = f"{report.progress.done} items are finished and kept; the same call goes on from there."
    return f"The run stopped: {error} {done}"
