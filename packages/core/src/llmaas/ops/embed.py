"""Embeddings: in batches, in order, and with one bad text kept apart from its neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llmaas._errors_base import attach
from llmaas.hooks import CallInfo
from llmaas.ops.dimensions import Dimensions
from llmaas.ops.distinct import Distinct
from llmaas.ops.effects import Operation, Parallel
from llmaas.ops.embed_job import EmbedJob, OnBatch, OnModel, Progress
from llmaas.ops.hooked_calls import with_part_hooks
from llmaas.ops.json_request import check_model_name, check_texts, request_json, without_none
from llmaas.ops.measured_request import batch_limit, fit_embedding
from llmaas.ops.refusals import concerns_every_request, may_concern_a_text, name_text
from llmaas.ops.retrying import Deadline
from llmaas.settings import Settings, Timeout
from llmaas.types import Embeddings
from llmaas.wire.embeddings import Vectors, read_vectors
from llmaas.wire.usage import parse_input_usage

PATH = "/v1/embeddings"


def embed(
    settings: Settings,
    texts: str | Sequence[str],
    *,
    model: str,
    batch_size: int = 64,
    dimensions: int | None = None,
    encoding_format: str = "float",
    numpy: bool = False,
    isolate_errors: bool = True,
    concurrency: int = 4,
    progress: Progress | None = None,
    on_batch: OnBatch | None = None,
    on_model: OnModel | None = None,
    continue_on_error: bool = False,
    timeout: float | Timeout | None = None,
    deadline: float | Deadline | None = None,
    extra_headers: Mapping[str, str] | None = None,
    **params: object,
) -> Operation[Embeddings]:
    """Embed texts in batches, several at once; equal texts once."""
    inputs = Distinct.create(check_texts(texts, "text"))
    shared_deadline = Deadline.coerce(settings, deadline)  # one for all batches
    fields = without_none({"encoding_format": encoding_format, **params})
    job = EmbedJob(
        settings,
        check_model_name(settings, model),
        inputs,
        params=fit_embedding(fields, model, settings.profile),
        dimensions=Dimensions.create(model, dimensions, settings.profile),
        options={"timeout": timeout, "deadline": shared_deadline, "extra_headers": extra_headers},
        numpy=numpy,
        isolate_errors=isolate_errors,
        progress=progress,
        on_batch=on_batch,
        on_model=on_model,
        continue_on_error=continue_on_error,
        deadline=shared_deadline,
        vectors=[None] * inputs.total,
    )
    size = batch_limit(model, settings.profile, max(1, batch_size))
    return (yield from _run_batches(job, size, max(1, concurrency)))


def _run_batches(job: EmbedJob, size: int, concurrency: int) -> Operation[Embeddings]:
    """Embed ``size`` texts per request; an error gets the vectors received so far."""
    count = len(job.inputs.texts)
    batches = [_batch(job, i, min(i + size, count)) for i in range(0, count, size)]
    try:
        if batches:
            yield Parallel(batches, concurrency, must_end=job.on_batch is not None)
    except BaseException as error:
        if job.usages or any(vector is not None for vector in job.vectors):
            attach(error, partial=job.answer())
        raise
    return job.answer()


def _batch(job: EmbedJob, start: int, stop: int) -> Operation[None]:
    try:
        yield from _bisect(job, start, stop)
    except Exception as error:
        is_of_service = hasattr(error, "request_id")  # not a mistake of the caller's
        if not (job.continue_on_error and is_of_service) or concerns_every_request(error):
            raise
        job.fail_rest(start, stop, error)
    job.count(start, stop)


def _bisect(job: EmbedJob, start: int, stop: int) -> Operation[None]:
    """Embed texts; when they are refused, halve them until the bad one stands alone."""
    try:
        yield from _request(job, start, stop)
        return
    except Exception as error:
        if not may_concern_a_text(error, ("model", "dimensions", *job.params)):
            raise
        if stop - start == 1:
            name_text(error, "text", job.inputs.positions(start)[0], job.inputs.total)
            if job.inputs.total == 1 or not job.isolate_errors:
                raise
            job.fail(start, error)
            return
    middle = (start + stop) // 2
    yield from _bisect(job, start, middle)
    yield from _bisect(job, middle, stop)


def _request(job: EmbedJob, start: int, stop: int) -> Operation[None]:
    texts = job.inputs.texts[start:stop]
    call = CallInfo(
        "embeddings", job.model, job.settings, texts, deadline=job.deadline.at, is_part=True
    )
    yield from with_part_hooks(call, _embed_and_keep(job, texts, start))


def _embed_and_keep(job: EmbedJob, texts: list[str], start: int) -> Operation[Embeddings]:
    """Embed texts and deliver their vectors before anything else can fail: they are billed."""
    answer = yield from _embed_distinct(job, texts, start)
    if answer.usage is not None:
        job.usages.append(answer.usage)
    for index, error in answer.errors.items():
        job.fail(start + index, error)
    job.keep(start, answer.vectors)
    try:
        job.note_model(answer.model)
        job.deliver(start, start + len(texts))
    except BaseException as error:
        attach(error, partial=answer)
        raise
    return answer


def _embed_distinct(job: EmbedJob, texts: list[str], start: int) -> Operation[Embeddings]:
    body = {"model": job.model, "input": texts, **job.dimensions.params, **job.params}
    try:
        vectors = yield from _send(job, body)
    except Exception as error:
        if not job.dimensions.is_needless(error, body):
            raise
        body.pop("dimensions")
        vectors = yield from _send(job, body)
        job.dimensions.check(vectors.length, error)
    model = str(vectors.body.get("model") or job.model)
    usage = parse_input_usage(vectors.body.get("usage"))
    errors = {
        index: _build_vector_error(job.inputs.positions(start + index)[0], why)
        for index, why in vectors.errors.items()
    }
    return Embeddings(vectors.values, model, usage, errors)


def _send(job: EmbedJob, body: Mapping[str, Any]) -> Operation[Vectors]:
    count = len(body["input"])

    def read(data: bytes, _: Mapping[str, str]) -> Vectors:
        return _check_length(job, read_vectors(data, count, numpy=job.numpy))

    return request_json(job.settings, PATH, body, read, **job.options)


def _check_length(job: EmbedJob, vectors: Vectors) -> Vectors:
    """Check the length of vectors; raise where no single input is at fault."""
    with job.lock:
        job.length = job.length or vectors.length
    vectors.drop_other_lengths(job.length)
    if vectors.errors and (not job.isolate_errors or len(vectors.errors) == len(job.inputs.texts)):
        index, why = next(iter(vectors.errors.items()))
        raise ValueError(f"the vector of input {index} {why}")
    return vectors


def _build_vector_error(position: int, why: str) -> Exception:
    from llmaas.errors import InvalidResponseError

    return InvalidResponseError.build(
        f"The vector of text {position} {why}.",
        hint="Embed the text again, or change it: engines write NaN for some texts.",
    )
