"""Prepared answers by the bytes of their request."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a prepared answer knows the exchange, which knows the state, which knows this
    from llmaas_sandbox.chat.prepared import Prepared

MAX_ANSWERS, MAX_BYTES = 2_000, 8_000_000
"""Answers that are kept, and the bytes of all with their requests."""
MAX_REQUEST = 100_000


class Answers:
    """The latest prepared answers by the bytes of their request."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Prepared] = OrderedDict()
        self._bytes = 0

    def find(self, raw: bytes) -> Prepared | None:
        """Return a prepared answer."""
        return self._kept.get(raw)

    def keep(self, raw: bytes, prepared: Prepared) -> None:
        """Keep an answer; the oldest make room for it."""
        if len(raw) > MAX_REQUEST or raw in self._kept:
            return
        self._kept[raw] = prepared
        self._bytes += len(raw) + prepared.size
        while self._bytes > MAX_BYTES or len(self._kept) > MAX_ANSWERS:
            oldest, dropped = self._kept.popitem(last=False)
            self._bytes -= len(oldest) + dropped.size
