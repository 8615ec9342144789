"""Parsing of embedding responses to vectors in the order of the inputs."""

from __future__ import annotations

import base64
import sys
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from llmaas.wire.json_codec import loads
from llmaas.wire.positions import parse_position


@dataclass(slots=True)
class Vectors:
    """Vectors by input; invalid ones are None, with the reason in ``errors``."""

    values: list[Any]
    body: Mapping[str, object]
    errors: dict[int, str] = field(default_factory=dict)
    length: int = 0
    """Dimensions of most vectors."""

    def refuse(self, index: int, why: str) -> None:
        """Remove an invalid vector."""
        self.values[index] = None
        self.errors[index] = why

    def drop_other_lengths(self, length: int) -> None:
        """Remove vectors of another length."""
        for index, vector in enumerate(self.values):
            if vector is not None and len(vector) != length:
                self.refuse(index, f"has {len(vector)} numbers, expected {length}")
        self.length = length


def read_vectors(data: bytes, count: int, *, numpy: bool) -> Vectors:
    """Parse ``count`` vectors, ordered by ``index``.

    Vectors are lists of floats, or float32 arrays with ``numpy``.

    Raises ``ValueError`` if the body does not answer ``count`` inputs.
    """
    body = loads(data)
    items = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(items, list):
        raise ValueError("it has no data")
    vectors = Vectors([None] * count, body)
    for index, item in zip(_indexes(items, count), items, strict=True):
        _place(vectors, index, item, numpy=numpy)
    for index, vector in enumerate(vectors.values):
        if vector is None and index not in vectors.errors:
            vectors.refuse(index, "is missing")
    lengths = Counter(len(vector) for vector in vectors.values if vector is not None)
    if lengths:
        vectors.drop_other_lengths(max(lengths, key=lambda length: (lengths[length], length)))
    return vectors


def _indexes(items: Sequence[object], count: int) -> list[int]:
    """Return the input of each item; by position if an engine numbers all items 0."""
    given = [item.get("index") if isinstance(item, Mapping) else None for item in items]
    if len(items) == count > 1 and given == given[:1] * count:
        return list(range(count))
    indexes = []
    for place, index in enumerate(given):
        found = place if index is None else parse_position(index)
        if found is None or not 0 <= found < count:
            raise ValueError(f"it has a vector for input {index} of {count}")
        indexes.append(found)
    return indexes


def _place(vectors: Vectors, index: int, item: Any, *, numpy: bool) -> None:
    if index in vectors.errors:
        return
    if vectors.values[index] is not None:
        vectors.refuse(index, "is repeated")
        return
    try:
        vectors.values[index] = _vector(item.get("embedding"), numpy=numpy)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        vectors.refuse(
            index, str(error) if isinstance(error, _UnusableError) else "is not a vector"
        )


class _UnusableError(ValueError):
    """Says what is wrong with a vector."""


def _vector(raw: object, *, numpy: bool) -> object:
    if isinstance(raw, str) and raw:
        raw = _unpacked(base64.b64decode(raw, validate=True), numpy=numpy)
        return _as_numpy(raw) if numpy else raw
    if not isinstance(raw, list):
        raise _UnusableError("is neither a list nor base64")
    if len(raw) == 1 and isinstance(raw[0], list):
        raw = raw[0]  # llama.cpp, without pooling
    if not raw:
        raise _UnusableError("is empty")
    _check(raw)
    return _as_numpy(raw) if numpy else raw


def _unpacked(data: bytes, *, numpy: bool) -> object:
    """Decode little-endian float32 bytes."""
    floats = array("f")
    floats.frombytes(data)
    if sys.byteorder == "big":
        floats.byteswap()
    numbers = floats if numpy else floats.tolist()
    largest = data[3::4]  # NaN and infinity end with these bytes, as do other numbers
    if b"\x7f" in largest or b"\xff" in largest:
        _check(numbers)
    return numbers


def _check(numbers: Any) -> None:
    """Refuse NaN, infinity and null; ``sum`` is the fastest check."""
    try:
        good = isfinite(sum(numbers))
    except TypeError:
        good = False
    if not good and not _are_finite(numbers):
        raise _UnusableError("contains null, NaN or infinity")


def _are_finite(numbers: Any) -> bool:
    """Check each number, because the sum of finite numbers may be infinite."""
    return all(isinstance(number, int | float) and isfinite(number) for number in numbers)


def _as_numpy(values: object) -> object:
    import numpy

    vector = numpy.asarray(values, dtype=numpy.float32)
    if not numpy.isfinite(vector).all():
        raise _UnusableError("contains a number beyond float32")
    return vector
