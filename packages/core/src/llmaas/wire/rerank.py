"""Parsing of rerank responses, in the formats before and after September 2026."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from llmaas.types import RerankResponse, RerankResult, Usage
from llmaas.wire.json_codec import loads
from llmaas.wire.positions import parse_position
from llmaas.wire.usage import parse_backend, parse_input_usage


def read_ranking(
    data: bytes, *, model: str, documents: int, top_n: int | None = None
) -> RerankResponse:
    """Parse a ranking, sorted by descending score.

    A document without a result, or whose score is not a number, has a ``ValueError`` in
    ``errors``. If a document is ranked twice, the best score counts.

    Raises ``ValueError`` for a body without a ranking.
    """
    body = loads(data)
    if isinstance(body, list):  # Text Embeddings Inference
        body = {"results": body}
    results = _results(body)
    ranked: dict[int, RerankResult] = {}
    errors: dict[int, Exception] = {}
    for item in results:
        _add_result(item, documents, ranked, errors)
    if len(ranked) + len(errors) < documents and not top_n:
        absent = (n for n in range(documents) if n not in ranked and n not in errors)
        errors.update({n: ValueError(f"document {n} has no result") for n in absent})
    if not ranked:
        raise ValueError("it ranks no document")
    return RerankResponse(
        results=tuple(sorted(ranked.values(), key=lambda r: -r.relevance_score)),
        model=str(body.get("model") or model),
        documents=documents,
        id=body.get("id"),
        usage=_usage(body.get("usage") or body.get("meta")),
        backend=parse_backend(body.get("backend")),
        errors=errors,
    )


def _results(body: object) -> list[object]:
    """Return the entries; scoring endpoints list them under ``data``."""
    candidates = (
        [body.get(name) for name in ("results", "data")] if isinstance(body, Mapping) else []
    )
    for results in candidates:
        if isinstance(results, list):
            return results
    raise ValueError("it has no results")


def _add_result(
    item: Any,
    documents: int,
    ranked: dict[int, RerankResult],
    errors: dict[int, Exception],
) -> None:
    """Add one result; of several for a document, the highest score counts.

    Raises ``ValueError`` for a result that belongs to no document.
    """
    if not isinstance(item, Mapping):
        raise ValueError(f"a result must be an object, got {type(item).__name__}")
    index, score = parse_position(item.get("index")), _score(item)
    if index is None or not 0 <= index < documents:
        raise ValueError(f"it ranks document {item.get('index')} of {documents}")
    if score is None:
        if index not in ranked:
            errors[index] = ValueError(f"the score of document {index} is not a number")
        return
    errors.pop(index, None)
    document = item.get("document")
    if isinstance(document, Mapping):
        document = document.get("text")
    result = RerankResult(index, score, document if isinstance(document, str) else None)
    if index not in ranked or ranked[index].relevance_score < score:
        ranked[index] = result


def _score(item: Mapping[str, Any]) -> float | None:
    raw = item.get("relevance_score", item.get("score"))
    try:
        score = float(raw)
    except (TypeError, ValueError, OverflowError):
        return None
    return score if isfinite(score) and not isinstance(raw, bool) else None


def _usage(raw: Any) -> Usage | None:
    """Parse usage; the old format counts search units, which are kept in ``extra``."""
    if isinstance(raw, Mapping) and "billed_units" in raw:
        return Usage(extra=dict(raw))
    return parse_input_usage(raw)
