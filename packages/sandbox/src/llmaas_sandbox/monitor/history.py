"""History of finished requests, for the console and alerts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MAX_ROWS = 5000


@dataclass(slots=True)
class Row:
    """One finished request."""

    at: float
    tenant: str | None
    key_id: str | None
    model: str | None
    path: str
    status: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cost_micro_eur: int
    machine: str | None
    seconds: float
    first_byte: float
    disconnected: bool


class History:
    """Finished requests, oldest first."""

    def __init__(self) -> None:
        self._rows: deque[Row] = deque(maxlen=MAX_ROWS)

    def add(self, row: Row) -> None:
        """Add a row."""
        self._rows.append(row)

    def since(self, moment: float, tenant: str | None = None) -> list[Row]:
        """Return the rows since a time, of one tenant or of all."""
        return [r for r in self if r.at >= moment and (tenant is None or r.tenant == tenant)]

    def clear(self) -> None:
        """Clear everything."""
        self._rows.clear()

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self._rows))

    def __len__(self) -> int:
        return len(self._rows)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of the values lies; 0 without values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
