"""Relevance by shared words; rare words weigh more, long documents less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import exp, log

from llmaas_sandbox.responder.words import stems

_SPREAD, _MIDDLE = 9.0, 0.45
_SATURATION = 1.2


def logits(query: str, documents: Sequence[str]) -> list[float]:
    """Score each document without normalization: about -4 (no match) to 5 (full match)."""
    requested = set(stems(query))
    stemmed = [Counter(stems(d)) for d in documents]
    shares = [_share(requested, counts, stemmed) for counts in stemmed]
    return [round(_SPREAD * (share - _MIDDLE), 6) for share in shares]


def _share(requested: set[str], counts: Counter[str], all_counts: Sequence[Counter[str]]) -> float:
    """Return the weighted share of the query that a document covers, 0..1."""
    weights = {w: _rarity(w, all_counts) for w in sorted(requested)}
    total = sum(weights.values())
    if not total:
        return 0.0
    covered = sum(
        weights[w] * counts[w] / (counts[w] + _SATURATION - 1 + 0.2) for w in weights if counts[w]
    )
    length = sum(counts.values())
    return covered / total * (0.85 + 0.15 * exp(-length / 200))


def _rarity(word: str, all_counts: Sequence[Counter[str]]) -> float:
    holding = sum(1 for counts in all_counts if word in counts)
    return log(1 + (len(all_counts) - holding + 0.5) / (holding + 0.5)) + 0.1


def to_unit_interval(logit: float) -> float:
    """Convert a logit to 0..1, as the service did until August 2026."""
    return round(1 / (1 + exp(-logit)), 6)
