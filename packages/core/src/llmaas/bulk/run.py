"""Entry points of bulk runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from llmaas._errors_base import ConfigurationError, LLMaaSError
from llmaas.bulk.checkpoint import Checkpoint, read_header
from llmaas.bulk.items import Source, count_items, fingerprint, read_items
from llmaas.bulk.job import Engine, Job
from llmaas.bulk.progress import Progress
from llmaas.bulk.sorting import sort_results
from llmaas.client import AsyncLLMaaS, LLMaaS
from llmaas.model_names import ChatModelName

ENGINES = {
    "asyncio": ("llmaas.bulk.engine_asyncio", "run_asyncio"),
    "batch": ("llmaas.bulk.engine_batch", "run_batch"),
    "ray": ("llmaas.bulk.engine_ray", "run_ray"),
}
"""Module and function of each engine, imported on use."""


@dataclass(frozen=True, slots=True)
class Report:
    """Result of a run."""

    out: Path
    progress: Progress
    resent: int = 0
    """Items that were sent more than once, because an attempt ended without an answer (a kill, a
    broken connection): each may have been billed more than once. ``sent`` is in their lines."""
    unconfirmed: Mapping[str, int] = field(default_factory=dict)
    """Conversations in lost batches, by batch: perhaps billed, and not resubmitted."""

    @property
    def complete(self) -> bool:
        """Whether every item has a result or an error."""
        return not self.unconfirmed and not self.progress.waiting


class BulkStoppedError(LLMaaSError):
    """The run stopped early. Finished items are kept, and the same call resumes the run."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (str(self), self.report))


def run(source: Source, out: str | Path, *, model: ChatModelName, **options: Any) -> Report:
    """Answer all prompts of ``source`` into the JSONL file ``out`` (see ``arun``)."""
    return asyncio.run(arun(source, out, model=model, **options))


async def arun(
    source: Source,
    out: str | Path,
    *,
    model: ChatModelName,
    client: LLMaaS | AsyncLLMaaS | None = None,
    engine: str = "asyncio",
    concurrency: int = 32,
    retries: int = 4,
    retry_errors: bool = False,
    ordered: bool = False,
    system: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    engine_options: Mapping[str, Any] | None = None,
    **params: object,
) -> Report:
    """Answer all prompts of ``source`` into the JSONL file ``out``.

    ``source`` is a JSONL file (a string, a list of messages, or an object with ``prompt`` or
    ``messages`` and perhaps ``id`` and ``params``, on each line) or an iterable of the same.
    The same call resumes a run that was stopped or killed. The error of an item is written as its
    result; ``retry_errors`` sends those items again. ``params`` are sent with every call, and
    ``system`` is put before every conversation.
    Raises ``BulkStoppedError`` on an error that every item would have (a wrong key, an exhausted
    budget), and ``ConfigurationError`` if ``out`` does not belong to this run.
    """
    run_engine = _load_engine(engine)
    path = Path(out)
    header = _build_header(source, path, model, engine, {**params, "system": system})
    checkpoint = Checkpoint(path, header, retry_errors=retry_errors)
    try:
        job = _build_job(
            client, checkpoint, model, params, concurrency, retries, engine_options or {}
        )
        job.progress = progress or job.progress
        checkpoint.progress.total = count_items(source)
        job.progress(checkpoint.progress)
        await run_engine(job, read_items(source, system))
    finally:
        checkpoint.close()
    report = Report(path, checkpoint.progress, checkpoint.resent, job.unconfirmed)
    if job.stopped is not None:
        raise BulkStoppedError(_stop_message(job.stopped, report), report) from job.stopped
    if ordered:
        sort_results(path)
    return report


def _load_engine(name: str) -> Engine:
    if name not in ENGINES:
        raise ConfigurationError(f"engine must be one of {', '.join(ENGINES)}, got {name!r}.")
    module, function = ENGINES[name]
    engine: Engine = getattr(import_module(module), function)
    return engine


def _build_header(
    source: Source, out: Path, model: str, engine: str, params: Mapping[str, Any]
) -> dict[str, object]:
    size = read_header(out).get("input", {}).get("bytes")
    return {
        "model": model,
        "engine": engine,
        "params": {name: str(value) for name, value in sorted(params.items())},
        "input": fingerprint(source, size),
    }


def _build_job(
    client: LLMaaS | AsyncLLMaaS | None,
    checkpoint: Checkpoint,
    model: str,
    params: Mapping[str, object],
    concurrency: int,
    retries: int,
    options: Mapping[str, object],
) -> Job:
    if not isinstance(client, AsyncLLMaaS):
        client = AsyncLLMaaS.from_settings(client.settings) if client is not None else AsyncLLMaaS()
    # The engine retries, because every request is recorded before it is sent.
    client = client.with_options(max_retries=0)
    return Job(client, model, params, checkpoint, concurrency, retries, options)


def _stop_message(error: Exception, report: Report) -> str:
    done = report.progress.done
    return f"The run stopped: {error} {done} items are finished; the same call resumes the run."
