"""Cosine similarity of many vectors, with numpy if it is installed."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence
from math import hypot
from operator import mul

_MAX_INLINE_VALUES = 50_000
"""Most numbers multiplied in the event loop; larger work would block it and runs in a thread."""


async def cosine_similarities(query: array[float], vectors: Sequence[array[float]]) -> list[float]:
    """Return the cosine of each vector and the query, without blocking the event loop."""
    if len(query) * len(vectors) <= _MAX_INLINE_VALUES:
        return _cosines_python(query, vectors)
    return await asyncio.to_thread(_cosines_numpy, query, vectors)


def _cosines_numpy(query: array[float], vectors: Sequence[array[float]]) -> list[float]:
    try:
        import numpy as np
    except ImportError:
        return _cosines_python(query, vectors)
    rows = np.frombuffer(b"".join(vectors), dtype=np.float32).reshape(len(vectors), len(query))
    query_row = np.frombuffer(query, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(query_row)
    lengths[lengths == 0] = 1.0
    scores: list[float] = np.clip(rows @ query_row / lengths, -1.0, 1.0).tolist()
    return scores


def _cosines_python(query: array[float], vectors: Sequence[array[float]]) -> list[float]:
    length = hypot(*query)
    return [_cosine(query, length, vector) for vector in vectors]


def _cosine(query: array[float], length: float, vector: array[float]) -> float:
    product: float = sum(map(mul, query, vector))
    return max(-1.0, min(1.0, product / (length * hypot(*vector) or 1.0)))
