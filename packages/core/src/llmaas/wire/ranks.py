"""Rerank answers, in the shapes of before and after September 2026."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas.types import Ranked, Ranking, Usage
from llmaas.wire.jsonbytes import loads
from llmaas.wire.usage import parse_backend, parse_usage


def read_ranking(data: bytes, *, model: str, documents: int) -> Ranking:
    """Return a ranking by falling score; raise ``ValueError`` when the body is none."""
    body = loads(data)
    results = body.get("results") if isinstance(body, Mapping) else None
    if not isinstance(results, list):
        raise ValueError("it holds no results")
    ranked = sorted(
        (_ranked(item, documents) for item in results), key=lambda r: -r.relevance_score
    )
    return Ranking(
        results=tuple(ranked),
        model=str(body.get("model") or model),
        documents=documents,
        id=body.get("id"),
        usage=_usage(body.get("usage") or body.get("meta")),
        backend=parse_backend(body.get("backend")),
    )


def _ranked(item: Mapping[str, Any], documents: int) -> Ranked:
    index, score = item.get("index"), item.get("relevance_score", item.get("score"))
    if not isinstance(index, int) or not 0 <= index < documents:
        raise ValueError(f"it ranks document {index} of {documents}")
    if not isinstance(score, int | float):
        raise ValueError("a result has no relevance_score")
    document = item.get("document")
    if isinstance(document, Mapping):
        document = document.get("text")
    return Ranked(index, float(score), document if isinstance(document, str) else None)


def _usage(raw: Any) -> Usage | None:
    """Read usage; the old shape counts search units, which are kept as they are."""
    if isinstance(raw, Mapping) and "billed_units" in raw:
        return Usage(extra=dict(raw))
    return parse_usage(raw)
