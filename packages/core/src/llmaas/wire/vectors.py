"""Embedding answers to vectors in the order of the inputs."""

from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Mapping
from typing import Any

from llmaas.wire.jsonbytes import loads


def read_vectors(data: bytes, count: int, *, numpy: bool) -> tuple[list[Any], Mapping[str, Any]]:
    """Return ``count`` vectors ordered by ``index``, and the rest of the body.

    Vectors are lists of floats, or float32 arrays with ``numpy``. Raises ``ValueError`` when
    the body is no answer to ``count`` inputs.
    """
    body = loads(data)
    items = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(items, list):
        raise ValueError("it holds no data")
    vectors: list[Any] = [None] * count
    for position, item in enumerate(items):
        index = item.get("index", position)
        if not isinstance(index, int) or not 0 <= index < count:
            raise ValueError(f"it has a vector for input {index} of {count}")
        vectors[index] = _vector(item.get("embedding"), numpy=numpy)
    missing = [i for i, vector in enumerate(vectors) if vector is None]
    if missing:
        raise ValueError(f"it lacks the vectors of inputs {missing[:5]}")
    return vectors, body


def _vector(raw: Any, *, numpy: bool) -> Any:
    if isinstance(raw, str) and raw:
        floats = array("f")
        floats.frombytes(base64.b64decode(raw))
        if sys.byteorder == "big":
            floats.byteswap()
        return _as_numpy(floats) if numpy else floats.tolist()
    if not isinstance(raw, list) or not raw or not isinstance(raw[0], int | float):
        raise ValueError("an embedding is neither a list nor base64")
    return _as_numpy(raw) if numpy else raw


def _as_numpy(values: Any) -> Any:
    import numpy

    return numpy.asarray(values, dtype=numpy.float32)
