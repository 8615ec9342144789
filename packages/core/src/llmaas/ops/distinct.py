"""The distinct texts of a list, so that equal ones are embedded, and paid, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Distinct:
    """Distinct texts in the order of their first appearance, and where each appears."""

    texts: list[str]
    total: int
    """Texts of the caller's list."""
    places: list[list[int]] | None = None
    """Positions of each distinct text; None where all texts differ."""

    @classmethod
    def create(cls, texts: list[str]) -> Distinct:
        """Find the distinct texts of a list."""
        if len(set(texts)) == len(texts):
            return cls(texts, len(texts))
        places: dict[str, list[int]] = {}
        for position, text in enumerate(texts):
            places.setdefault(text, []).append(position)
        return cls(list(places), len(texts), list(places.values()))

    def positions(self, index: int) -> Sequence[int]:
        """Return where a distinct text appears in the caller's list."""
        return (index,) if self.places is None else self.places[index]

    def runs(self, start: int, stop: int) -> Iterator[range]:
        """Yield the positions of distinct texts ``start`` to ``stop`` as unbroken ranges."""
        if self.places is None:
            yield range(start, stop)
            return
        every = sorted(p for index in range(start, stop) for p in self.places[index])
        first = 0
        for at in range(1, len(every) + 1):
            if at == len(every) or every[at] != every[at - 1] + 1:
                yield range(every[first], every[at - 1] + 1)
                first = at

    def fill(self, vectors: list[object], index: int, vector: Any) -> None:
        """Put a vector wherever its text appears; copies, as callers may change one in place."""
        first, *others = self.positions(index)
        vectors[first] = vector
        for position in others:
            vectors[position] = vector.copy()
