"""Reranking, with one refused document kept apart from its neighbors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from llmaas._errors_base import attach
from llmaas.ops.effects import Operation
from llmaas.ops.json_request import check_model_name, check_texts, request_json, without_none
from llmaas.ops.measured_request import document_limit, rerank_version
from llmaas.ops.refusals import may_concern_a_text, name_text
from llmaas.ops.retrying import Deadline
from llmaas.settings import Settings, Timeout
from llmaas.types import RerankResponse, RerankResult, Usage
from llmaas.wire.rerank import read_ranking

_MISSING_PATH = frozenset({404, 405})
"""Statuses of an unknown path. It is 405 on servers with a catch-all route for GET."""


@dataclass(slots=True)
class _Job:
    """Settings and results of one call."""

    settings: Settings
    model: str
    query: str
    texts: list[str]
    top_n: int | None
    params: Mapping[str, Any]
    options: Mapping[str, Any]
    isolate_errors: bool
    parts: list[RerankResponse] = field(default_factory=list)
    errors: dict[int, Exception] = field(default_factory=dict)

    def keep(self, ranking: RerankResponse, positions: Sequence[int]) -> None:
        """Keep the ranking of some documents under their positions in the caller's list."""
        results = tuple(replace(r, index=positions[r.index]) for r in ranking.results)
        self.parts.append(replace(ranking, results=results))
        self.errors.update({positions[i]: error for i, error in ranking.errors.items()})

    def merged(self) -> RerankResponse:
        """Join the rankings: scores of one model compare, whatever the request."""
        ranked: list[RerankResult] = [result for part in self.parts for result in part.results]
        ranked.sort(key=lambda result: -result.relevance_score)
        return replace(
            self.parts[0],
            results=tuple(ranked[: self.top_n or None]),
            documents=sum(part.documents for part in self.parts),
            usage=_sum([part.usage for part in self.parts if part.usage is not None]),
            errors=self.errors,
        )


def rerank(
    settings: Settings,
    query: str,
    documents: Sequence[str],
    *,
    model: str,
    top_n: int | None = None,
    return_documents: bool | None = None,
    version: int = 2,
    isolate_errors: bool = True,
    timeout: float | Timeout | None = None,
    deadline: float | Deadline | None = None,
    extra_headers: Mapping[str, str] | None = None,
    **params: object,
) -> Operation[RerankResponse]:
    """Order documents by relevance; no documents cost no request."""
    texts = check_texts(documents, "document")
    if not texts:
        return RerankResponse((), model, 0)
    shared_deadline = Deadline.coerce(settings, deadline)  # one for all requests
    job = _Job(
        settings,
        check_model_name(settings, model),
        check_texts(query, "query")[0],
        texts,
        top_n,
        params=without_none({"return_documents": return_documents, **params}),
        options={"timeout": timeout, "deadline": shared_deadline, "extra_headers": extra_headers},
        isolate_errors=isolate_errors,
    )
    return (yield from _run(job, version))


def _run(job: _Job, version: int) -> Operation[RerankResponse]:
    """Rank all documents in one request; in several, where the service refuses them."""
    texts = job.texts
    limit = document_limit(job.model, job.settings.profile) or len(texts)
    try:
        if len(texts) <= limit:
            return (yield from _either_path(job, version, range(len(texts))))
    except Exception as error:
        if len(texts) == 1 or not job.isolate_errors or not _may_concern_a_document(job, error):
            raise
    try:
        yield from _bisect(job, version, _sort_likely_refused_last(texts))
    except BaseException as error:
        if job.parts:
            attach(error, partial=job.merged())
        raise
    return job.merged()


def _bisect(job: _Job, version: int, positions: Sequence[int]) -> Operation[None]:
    """Rank both halves of what was refused, the one of shorter documents first.

    Where the shortest document is refused alone, the query or the request is at fault.
    """
    middle = len(positions) // 2
    limit = document_limit(job.model, job.settings.profile) or len(positions)
    for some in (positions[:middle], positions[middle:]):
        if len(some) > limit:
            yield from _bisect(job, version, some)
            continue
        try:
            job.keep((yield from _either_path(job, version, some)), some)
        except Exception as error:
            if not _may_concern_a_document(job, error):
                raise
            if len(some) > 1:
                yield from _bisect(job, version, some)
            elif not job.parts:
                raise
            else:
                name_text(error, "document", some[0], len(job.texts))
                job.errors[some[0]] = error


def _may_concern_a_document(job: _Job, error: Exception) -> bool:
    return may_concern_a_text(error, ("model", "query", "top_n", *job.params))


def _sort_likely_refused_last(texts: Sequence[str]) -> list[int]:
    """Return positions, shortest documents first; blank ones last, as engines refuse them."""
    return sorted(range(len(texts)), key=lambda n: (not texts[n].strip(), len(texts[n])))


def _either_path(job: _Job, version: int, positions: Sequence[int]) -> Operation[RerankResponse]:
    """Ask ``/v2/rerank``, or ``/v1/rerank`` where a server has only that one (or vice versa)."""
    other = 3 - version if version in (1, 2) else None
    learned = job.settings.learned
    if learned.rerank_version is None:
        learned.rerank_version = rerank_version(job.settings.profile)
    if other is not None and other == learned.rerank_version:
        return (yield from _send(job, other, positions))
    try:
        return (yield from _send(job, version, positions))
    except Exception as error:
        if other is None or not _is_missing_path(error):
            raise
        missing = error
    try:
        ranking = yield from _send(job, other, positions)
    except Exception as error:
        if _is_missing_path(error):
            raise missing from None
        learned.rerank_version = other
        raise
    learned.rerank_version = other
    return ranking


def _is_missing_path(error: Exception) -> bool:
    if getattr(error, "status_code", None) not in _MISSING_PATH:
        return False
    from llmaas.errors import ModelNotFoundError

    return not isinstance(error, ModelNotFoundError)


def _send(job: _Job, version: int, positions: Sequence[int]) -> Operation[RerankResponse]:
    count = len(positions)
    body = {
        "model": job.model,
        "query": job.query,
        "documents": [job.texts[position] for position in positions],
        **({} if job.top_n is None else {"top_n": job.top_n}),
        **job.params,
    }

    def read(data: bytes, _: Mapping[str, str]) -> RerankResponse:
        return read_ranking(data, model=job.model, documents=count, top_n=body.get("top_n"))

    return request_json(job.settings, f"/v{version}/rerank", body, read, **job.options)


def _sum(usages: list[Usage]) -> Usage | None:
    if len(usages) <= 1:
        return usages[0] if usages else None
    return Usage(
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        total_tokens=sum(usage.total_tokens for usage in usages),
    )
