"""Cache of prepared responses, by the bytes of their request."""

from __future__ import annotations

from collections import OrderedDict

from llmaas_sandbox.chat.prepared import PreparedResponse

MAX_RESPONSES = 2_000
MAX_BYTES = 8_000_000
"""Total size of all cached responses and their requests."""
MAX_REQUEST = 100_000
"""Size of the largest request that is cached."""


class ResponseCache:
    """The latest prepared responses; the oldest are dropped first."""

    def __init__(self) -> None:
        self._entries: OrderedDict[bytes, PreparedResponse] = OrderedDict()
        self._bytes = 0

    def get(self, raw: bytes) -> PreparedResponse | None:
        """Return the prepared response to a request body, or None."""
        return self._entries.get(raw)

    def put(self, raw: bytes, prepared: PreparedResponse) -> None:
        """Store a response, unless its request is too large or already cached."""
        if len(raw) > MAX_REQUEST or raw in self._entries:
            return
        self._entries[raw] = prepared
        self._bytes += len(raw) + prepared.size
        while self._bytes > MAX_BYTES or len(self._entries) > MAX_RESPONSES:
            oldest, dropped = self._entries.popitem(last=False)
            self._bytes -= len(oldest) + dropped.size
