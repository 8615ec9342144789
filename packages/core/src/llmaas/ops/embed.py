"""Embeddings: in batches, in order, and with one bad text kept apart from its neighbours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llmaas.ops.data import ask_data, check_texts, known
from llmaas.ops.effects import Operation, Together
from llmaas.ops.exchange import Moment
from llmaas.ops.watch import About, watched_part
from llmaas.settings import Settings
from llmaas.types import Embeddings, Usage
from llmaas.wire.usage import parse_input_usage
from llmaas.wire.vectors import Vectors, read_vectors

PATH = "/v1/embeddings"
_ABOUT_INPUT = frozenset({400, 413, 422})
"""Statuses that may concern one text of a batch, not the caller or the service."""

Progress = Callable[[int, int], None]
OnBatch = Callable[[int, Sequence[Any]], None]


@dataclass(slots=True)
class _Job:
    settings: Settings
    model: str
    params: Mapping[str, Any]
    options: Mapping[str, Any]
    numpy: bool
    isolate: bool
    total: int
    progress: Progress | None
    on_batch: OnBatch | None
    keep_going: bool
    moment: Moment
    done: int = 0
    length: int = 0
    """Numbers of a vector, known from the first answer."""
    answered_by: str = ""
    usages: list[Usage] = field(default_factory=list)
    errors: dict[int, Exception] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, vectors: list[Any]) -> Embeddings:
        """Return vectors with what is known of all requests."""
        model = self.answered_by or self.model
        return Embeddings(vectors, model, _sum(self.usages), self.errors)

    def count(self, texts: int) -> None:
        """Count what is done, and tell: one thread after the other, or numbers would go back."""
        with self.lock:
            self.done += texts
            if self.progress is not None:
                self.progress(self.done, self.total)


def embed(
    settings: Settings,
    texts: str | Sequence[str],
    *,
    model: str,
    batch_size: int = 64,
    dimensions: int | None = None,
    encoding_format: str = "float",
    numpy: bool = False,
    isolate: bool = True,
    concurrency: int = 4,
    progress: Progress | None = None,
    on_batch: OnBatch | None = None,
    keep_going: bool = False,
    timeout: Any = None,
    deadline: float | Moment | None = None,
    extra_headers: Mapping[str, str] | None = None,
    **params: Any,
) -> Operation[Embeddings]:
    """Embed texts in batches, several at once."""
    inputs = check_texts(texts, "text")
    moment = Moment.of(settings, deadline)  # one for all batches
    wire = {"encoding_format": encoding_format, "dimensions": dimensions, **params}
    job = _Job(
        settings,
        known(settings, model),
        {name: value for name, value in wire.items() if value is not None},
        {
            "timeout": timeout,
            "deadline": moment,
            "extra_headers": extra_headers,
        },
        numpy,
        isolate,
        len(inputs),
        progress,
        on_batch,
        keep_going,
        moment,
    )
    size = max(1, batch_size)
    batches = [_batch(job, inputs[i : i + size], i) for i in range(0, len(inputs), size)]
    try:
        parts = (yield Together(batches, max(1, concurrency))) if batches else []
    except BaseException as error:
        if job.usages:  # of other batches: they are billed
            error.partial = job.answer([])  # type: ignore[attr-defined]
        raise
    vectors = [vector for part in parts for vector in part]
    return job.answer(vectors)


def _batch(job: _Job, texts: list[str], offset: int) -> Operation[list[Any]]:
    try:
        vectors = yield from _halving(job, texts, offset)
    except Exception as error:
        if not (job.keep_going and hasattr(error, "request_id")):  # the service's, not ours
            raise
        vectors = [None] * len(texts)
        job.errors.update(dict.fromkeys(range(offset, offset + len(texts)), error))
    if job.on_batch is not None:
        job.on_batch(offset, vectors)
    job.count(len(texts))
    return vectors


def _halving(job: _Job, texts: list[str], offset: int) -> Operation[list[Any]]:
    """Embed texts; when they are refused, halve them until the bad one stands alone."""
    try:
        return (yield from _request(job, texts, offset))
    except Exception as error:
        if not job.isolate or getattr(error, "status_code", None) not in _ABOUT_INPUT:
            raise
        if len(texts) == 1:
            if job.total == 1:
                raise
            job.errors[offset] = error
            return [None]
    middle = len(texts) // 2
    left = yield from _halving(job, texts[:middle], offset)
    right = yield from _halving(job, texts[middle:], offset + middle)
    return left + right


def _request(job: _Job, texts: list[str], offset: int) -> Operation[list[Any]]:
    about = About(
        "embeddings", job.model, job.settings, texts, deadline=job.moment.at, is_part=True
    )
    answer = yield from watched_part(about, _answered(job, texts))
    if answer.usage is not None:
        job.usages.append(answer.usage)
    job.answered_by = answer.model
    job.errors.update({offset + index: error for index, error in answer.errors.items()})
    return answer.vectors


def _answered(job: _Job, texts: list[str]) -> Operation[Embeddings]:
    def read(data: bytes, _: Mapping[str, str]) -> Vectors:
        return _checked(job, read_vectors(data, len(texts), numpy=job.numpy))

    body = {"model": job.model, "input": texts, **job.params}
    vectors = yield from ask_data(job.settings, PATH, body, read, **job.options)
    model = str(vectors.body.get("model") or job.model)
    usage = parse_input_usage(vectors.body.get("usage"))
    errors = {index: _unusable(index, why) for index, why in vectors.errors.items()}
    return Embeddings(vectors.values, model, usage, errors)


def _checked(job: _Job, vectors: Vectors) -> Vectors:
    """Hold vectors to the length of those before; raise where no input can be told apart."""
    with job.lock:
        job.length = job.length or vectors.length
    vectors.expect(job.length)
    if vectors.errors and (not job.isolate or len(vectors.errors) == job.total):
        index, why = next(iter(vectors.errors.items()))
        raise ValueError(f"the vector of input {index} {why}")
    return vectors


def _unusable(index: int, why: str) -> Exception:
    from llmaas.errors import InvalidResponseError

    return InvalidResponseError.build(
        f"The vector of input {index} of its request {why}.",
        hint="Embed the text again, or change it: engines write NaN for some texts.",
    )


def _sum(usages: list[Usage]) -> Usage | None:
    if not usages:
        return None
    return Usage(
        prompt_tokens=sum(u.prompt_tokens for u in usages),
        total_tokens=sum(u.total_tokens for u in usages),
    )
