"""Lexical vectors: texts that share words or character n-grams are similar."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from hashlib import blake2b
from math import sqrt

from llmaas_sandbox.responder.words import STOP_WORDS, normalize, stem, words

DIMENSIONS = {"granite-embedding:278m": 768}
DEFAULT_DIMENSIONS = 1024
FIXED = frozenset({"bge-m3:567m", "granite-embedding:278m"})
"""Models that were not trained for shorter vectors, by their publishers' model cards."""
_WORD_WEIGHT, _STOP_WEIGHT, _GRAM_WEIGHT = 1.0, 0.08, 0.22
_GRAM = 4


@lru_cache(maxsize=32_768)
def _features(word: str) -> tuple[tuple[int, float], ...]:
    """Return (hash, weight) of a word's stem and of its character n-grams."""
    folded = normalize(word)
    if folded in STOP_WORDS:
        return ((_hash(folded), _STOP_WEIGHT),)
    padded = f"^{folded}$"
    grams = {padded[i : i + _GRAM] for i in range(max(1, len(padded) - _GRAM + 1))}
    return (
        (_hash("w:" + stem(word)), _WORD_WEIGHT),
        *((_hash(g), _GRAM_WEIGHT) for g in sorted(grams)),
    )


def _hash(feature: str) -> int:
    return int.from_bytes(
        blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
    )


def vector(text: str, dimensions: int) -> list[float]:
    """Return the unit vector of a text; an empty text gets a fixed direction."""
    values = [0.0] * dimensions
    for word, times in Counter(words(text)).items():
        damping = sqrt(times)
        for hashed, weight in _features(word):
            sign = 1.0 if hashed & 1 else -1.0
            values[(hashed >> 1) % dimensions] += sign * weight * damping
    norm = sqrt(sum(v * v for v in values))
    if norm == 0.0:
        values[_hash(text) % dimensions] = norm = 1.0
    return [v / norm for v in values]
