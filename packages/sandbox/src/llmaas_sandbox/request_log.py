"""Log of requests, without secrets."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json import loads
from random import getrandbits
from typing import Any, overload

SECRET_HEADERS = frozenset(
    ("authorization", "api-key", "x-api-key", "cookie", "proxy-authorization")
)
MASK = "***"
MAX_RECORDS = 10_000
MAX_BYTES = 64_000_000
"""Of all bodies together; one beyond half of that is not kept."""


@dataclass(slots=True)
class RequestRecord:
    """One request with its outcome."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Lower-case names; secrets are masked."""
    body: bytes
    """Empty for a client without a key, and when it was too large to keep."""
    key_id: str | None = None
    status: int | None = None
    request_id: str = ""
    disconnected: bool = False
    """The client went away before the answer was complete."""
    finished: bool = False
    """Nothing more will happen to this request."""
    faults: tuple[str, ...] = field(default=())

    @property
    def json(self) -> Any:
        """The parsed body, or None if it is not JSON."""
        try:
            return loads(self.body) if self.body else None
        except (ValueError, RecursionError):
            return None


def mask_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with secrets masked."""
    return {k: (MASK if k.lower() in SECRET_HEADERS else v) for k, v in headers.items()}


def start_record(scope: Mapping[str, Any]) -> tuple[RequestRecord, dict[str, str]]:
    """Create the record of a request; return it with the unmasked headers."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    kept = headers.copy()
    for name in SECRET_HEADERS.intersection(kept):
        kept[name] = MASK
    record = RequestRecord(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=kept,
        body=b"",
        request_id=headers.get("x-request-id") or f"req-{getrandbits(64):016x}",
    )
    return record, headers


class RequestLog:
    """Most recent requests, oldest first."""

    def __init__(self, limit: int = MAX_RECORDS, size: int = MAX_BYTES) -> None:
        self._records: deque[RequestRecord] = deque()
        self._limit, self._size = limit, size
        self.bytes = 0
        """Bytes of all bodies that are kept."""

    def add(self, record: RequestRecord) -> None:
        """Add a record."""
        self._records.append(record)
        self._trim()

    def keep(self, record: RequestRecord, body: bytes) -> None:
        """Store the body of a record; the oldest records are dropped when the log is full."""
        if len(body) > self._size // 2:
            return
        record.body = body
        self.bytes += len(body)
        self._trim()

    def _trim(self) -> None:
        while len(self._records) > self._limit or self.bytes > self._size:
            self.bytes -= len(self._records.popleft().body)

    def clear(self) -> None:
        """Clear everything."""
        self._records.clear()
        self.bytes = 0

    def __iter__(self) -> Iterator[RequestRecord]:
        return iter(list(self._records))

    @overload
    def __getitem__(self, at: int) -> RequestRecord: ...
    @overload
    def __getitem__(self, at: slice) -> list[RequestRecord]: ...
    def __getitem__(self, at: int | slice) -> RequestRecord | list[RequestRecord]:
        return list(self._records)[at]

    def __len__(self) -> int:
        return len(self._records)
