"""Cosines of many vectors: by numpy where it is installed."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence
from math import hypot
from operator import mul

_AT_ONCE = 50_000
"""Numbers that are multiplied in the event loop; more of them block it, and go to a thread."""


async def cosines(wanted: array[float], vectors: Sequence[array[float]]) -> list[float]:
    """Return the cosine of each vector and the wanted one, without blocking the event loop."""
    if len(wanted) * len(vectors) <= _AT_ONCE:
        return _by_hand(wanted, vectors)
    return await asyncio.to_thread(_cosines, wanted, vectors)


def _cosines(wanted: array[float], vectors: Sequence[array[float]]) -> list[float]:
    try:
        import numpy as np
    except ImportError:
        return _by_hand(wanted, vectors)
    rows = np.frombuffer(b"".join(vectors), dtype=np.float32).reshape(len(vectors), len(wanted))
    one = np.frombuffer(wanted, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(one)
    lengths[lengths == 0] = 1.0
    scores: list[float] = np.clip(rows @ one / lengths, -1.0, 1.0).tolist()
    return scores


def _by_hand(wanted: array[float], vectors: Sequence[array[float]]) -> list[float]:
    length = hypot(*wanted)
    return [_cosine(wanted, length, vector) for vector in vectors]


def _cosine(wanted: array[float], length: float, vector: array[float]) -> float:
    product: float = sum(map(mul, wanted, vector))
    return max(-1.0, min(1.0, product / (length * hypot(*vector) or 1.0)))
