"""Registry of warnings that are issued once per process."""

from __future__ import annotations


class OncePerKey:
    """Keys that were reported, each of them once.

    Threads may share it without a lock: of concurrent callers, one adds a key. It accepts at most
    ``limit`` keys, since they may come from users.
    """

    def __init__(self, limit: int = 1_000) -> None:
        self._limit = limit
        self._keys: dict[str, object] = {}

    def add(self, key: str) -> bool:
        """Add a key. Returns True the first time only, and False when the limit is reached."""
        if key in self._keys or len(self._keys) >= self._limit:
            return False
        token = object()
        return self._keys.setdefault(key, token) is token

    def clear(self) -> None:
        """Forget all keys."""
        self._keys.clear()
