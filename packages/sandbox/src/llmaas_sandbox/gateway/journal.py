"""What was asked: one record per request, without secrets."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, overload

SECRET_HEADERS = frozenset(
    ("authorization", "api-key", "x-api-key", "cookie", "proxy-authorization")
)
MASK = "***"
MAX_RECORDS = 10_000


@dataclass(slots=True)
class Recorded:
    """One request, and what became of it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Lower-case names; secrets are masked."""
    body: bytes
    json: Any = None
    """The body, when it is JSON."""
    key_id: str | None = None
    status: int | None = None
    request_id: str = ""
    disconnected: bool = False
    """The client went away before the answer was complete."""
    finished: bool = False
    """Nothing more will happen to this request."""
    faults: tuple[str, ...] = field(default=())


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with every secret replaced."""
    return {k: (MASK if k.lower() in SECRET_HEADERS else v) for k, v in headers.items()}


class Journal:
    """The last requests, oldest first."""

    def __init__(self, limit: int = MAX_RECORDS) -> None:
        self._records: deque[Recorded] = deque(maxlen=limit)

    def add(self, record: Recorded) -> None:
        """Write one down."""
        self._records.append(record)

    def clear(self) -> None:
        """Forget all."""
        self._records.clear()

    def __iter__(self) -> Iterator[Recorded]:
        return iter(list(self._records))

    @overload
    def __getitem__(self, at: int) -> Recorded: ...
    @overload
    def __getitem__(self, at: slice) -> list[Recorded]: ...
    def __getitem__(self, at: int | slice) -> Recorded | list[Recorded]:
        return list(self._records)[at]

    def __len__(self) -> int:
        return len(self._records)
