"""Facts of embeddings and rankings."""

from __future__ import annotations

import base64
import struct
from typing import Any

from llmaas_cli.probe.exchange import Exchange, as_dict, dicts


def _data(exchange: Exchange) -> list[Any]:
    return list(dicts(as_dict(exchange.json).get("data")))


def vector_kind(exchange: Exchange) -> str:
    """Form of the vectors: ``floats``, ``base64`` or ``none``."""
    values = [entry.get("embedding") for entry in _data(exchange)]
    if not values:
        return "none"
    return "base64" if isinstance(values[0], str) else "floats"


def vectors(exchange: Exchange) -> list[list[float]]:
    """Return the vectors, decoded."""
    return [_decode(entry.get("embedding")) for entry in _data(exchange)]


def _decode(value: Any) -> list[float]:
    if isinstance(value, str):
        data = base64.b64decode(value)
        return list(struct.unpack(f"<{len(data) // 4}f", data[: len(data) // 4 * 4]))
    return [float(number) for number in value or ()]


def dimensions(exchange: Exchange) -> int | None:
    """Length of the first vector."""
    found = vectors(exchange)
    return len(found[0]) if found else None


def is_unit(exchange: Exchange) -> bool:
    """Whether the first vector has length 1."""
    found = vectors(exchange)
    return bool(found) and abs(sum(x * x for x in found[0]) - 1) < 0.01


def in_order(exchange: Exchange) -> bool:
    """Whether the indexes are 0, 1, 2, ..."""
    indexes = [entry.get("index") for entry in _data(exchange)]
    return bool(indexes) and indexes == list(range(len(indexes)))


def _results(exchange: Exchange) -> list[Any]:
    return list(dicts(as_dict(exchange.json).get("results")))


def _scores(exchange: Exchange) -> list[float]:
    return [float(each.get("relevance_score") or 0) for each in _results(exchange)]


def scores_are_sorted(exchange: Exchange) -> bool:
    """Whether the scores of a ranking descend."""
    scores = _scores(exchange)
    return scores == sorted(scores, reverse=True)


def score_range(exchange: Exchange) -> str:
    """Range of the scores: ``0 to 1`` or ``raw``."""
    scores = _scores(exchange)
    if not scores:
        return "none"
    return "0 to 1" if all(0 <= score <= 1 for score in scores) else "raw"


def document_kind(exchange: Exchange) -> str:
    """Form of the documents of a ranking: ``object``, ``text`` or ``absent``."""
    values = [each.get("document") for each in _results(exchange)]
    if not values or values[0] is None:
        return "absent"
    return "text" if isinstance(values[0], str) else "object"


def rerank_usage(exchange: Exchange) -> str:
    """Usage of a ranking: ``tokens``, ``billed units`` or ``none``."""
    if "total_tokens" in exchange.usage:
        return "tokens"
    units = {**exchange.usage, **as_dict(as_dict(exchange.json).get("meta"))}
    return "billed units" if "billed_units" in units else "none"


FACTS = {
    "vector_kind": vector_kind,
    "vector_count": lambda e: len(_data(e)),
    "dimensions": dimensions,
    "is_unit": is_unit,
    "in_order": in_order,
    "result_count": lambda e: len(_results(e)),
    "scores_are_sorted": scores_are_sorted,
    "score_range": score_range,
    "document_kind": document_kind,
    "rerank_usage": rerank_usage,
    "wanted_dimensions": lambda e: as_dict(e.body).get("dimensions"),
}
