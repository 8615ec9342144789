"""API keys: given as a string or a callable, read from the environment, never shown."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable, Coroutine, Sequence
from inspect import isawaitable
from typing import Any

from llmaas._errors_base import ConfigurationError, MissingAPIKeyError

KEY_VARIABLE = "LLMAAS_API_KEY"

_AROUND = re.compile(r"\A[\s\"'`]*(?:authorization\s*:\s*)?(?:bearer\s+)?", re.IGNORECASE)
"""Text that is often copied along with a key: quotes (``docker --env-file`` keeps them) and a
header name."""
_QUOTES = " \t\r\n\"'`"
_MAX_RECENT = 1024
"""Recent keys that are redacted: as many as calls may run concurrently."""


class APIKey:
    """An API key, or a callable that returns the current one; never shown, never pickled.

    A pickled key comes back as whatever ``LLMAAS_API_KEY`` holds where it is loaded.
    """

    __slots__ = ("_fingerprint", "_lock", "_recent", "_source", "recent")

    def __init__(self, source: str | Callable[[], Any] | None) -> None:
        self._source = source if source is None or callable(source) else _validate_key(source)
        self._lock = threading.Lock()
        self._recent: dict[str, None] = {}
        self._fingerprint = ""
        self.recent = self._all()
        """The key, or the keys of recent calls, to redact where the service echoes them."""

    def _all(self) -> tuple[str, ...]:
        own = (self._source,) if isinstance(self._source, str) else ()
        return (*own, *self._recent)

    def get(self) -> Any:
        """Return the key, or the awaitable that an async callable returned.

        Raises ``MissingAPIKeyError`` without a key, ``ConfigurationError`` for an invalid one.
        """
        if self._source is None:
            raise MissingAPIKeyError
        if isinstance(self._source, str):
            return self._source
        key = self._source()
        return key if isawaitable(key) else self.check(key)

    def get_sync(self) -> str:
        """Return the key; raise ``ConfigurationError`` for an async callable."""
        key: object = self.get()
        if isinstance(key, str):
            return key
        if isinstance(key, Coroutine):
            key.close()  # avoids "coroutine was never awaited"
        raise ConfigurationError(
            "api_key is an async callable, which only AsyncLLMaaS accepts. Pass a plain callable."
        )

    def check(self, key: object) -> str:
        """Return the key and remember it; raise if it cannot be sent in a header.

        The HTTP library would quote such a key in its own error.
        """
        bare = _validate_key(key)
        self.remember([bare])
        return bare

    def remember(self, secrets: Sequence[str]) -> None:
        """Redact these secrets, too, until 1,024 newer ones have been used."""
        with self._lock:
            for secret in secrets:
                self._recent.pop(secret, None)
                self._recent[secret] = None
                if len(self._recent) > _MAX_RECENT:
                    del self._recent[next(iter(self._recent))]
            self.recent = self._all()

    @property
    def is_callable(self) -> bool:
        """Whether a callable returns the key of each request."""
        return callable(self._source)

    @property
    def fingerprint(self) -> str:
        """Hash that identifies the key without revealing it."""
        if callable(self._source):
            return f"callable-{id(self._source)}"
        if not self._fingerprint:  # computed once: every call reads it
            self._fingerprint = hashlib.sha256((self._source or "").encode()).hexdigest()[:16]
        return self._fingerprint

    def __bool__(self) -> bool:
        return self._source is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, APIKey) and self._source == other._source

    def __hash__(self) -> int:
        return hash(self._source)

    def __repr__(self) -> str:
        return "APIKey(***)"

    def __copy__(self) -> APIKey:
        return self

    def __deepcopy__(self, memo: object) -> APIKey:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return (key_from_environment, ())


def key_from_environment() -> APIKey:
    """Read the key from ``LLMAAS_API_KEY``; without one, the first call raises."""
    return APIKey(os.environ.get(KEY_VARIABLE) or None)


def _validate_key(key: object) -> str:
    if not isinstance(key, str):
        raise ConfigurationError(f"api_key must be a string, got {type(key).__name__}.")
    bare = _AROUND.sub("", key).strip(_QUOTES)
    if not bare.isascii() or not bare.isprintable() or not bare:
        raise ConfigurationError(
            "api_key must be a non-empty string of printable ASCII characters."
        )
    return bare
