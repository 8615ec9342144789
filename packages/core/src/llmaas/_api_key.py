"""The API key: who may see it (nobody), and where it comes from."""

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
"""What is copied along with a key: quotes (``docker --env-file`` keeps them), a header's name."""
_QUOTES = " \t\r\n\"'`"
_REMEMBERED = 1024
"""Keys of the last calls that are hidden: as many as may be under way at once."""


class APIKey:
    """An API key, or a callable that returns the current one; never shown, never pickled.

    A pickled key comes back as whatever ``LLMAAS_API_KEY`` holds where it is loaded.
    """

    __slots__ = ("_fingerprint", "_lock", "_source", "_used", "used")

    def __init__(self, source: str | Callable[[], Any] | None) -> None:
        self._source = source if source is None or callable(source) else _checked(source)
        self._lock = threading.Lock()
        self._used: dict[str, None] = {}
        self._fingerprint = ""
        self.used = self._all()
        """The key, or those of the last calls, to hide them in what the service echoes."""

    def _all(self) -> tuple[str, ...]:
        own = (self._source,) if isinstance(self._source, str) else ()
        return (*own, *self._used)

    def current(self) -> Any:
        """Return the key (or an awaitable of it, if the callable gave one)."""
        if self._source is None:
            raise MissingAPIKeyError
        if isinstance(self._source, str):
            return self._source
        key = self._source()
        return key if isawaitable(key) else self.checked(key)

    def at_once(self) -> str:
        """Return the key; refuse an awaitable, for which threads cannot wait."""
        key: object = self.current()
        if isinstance(key, str):
            return key
        if isinstance(key, Coroutine):
            key.close()  # or it would complain of never having been awaited
        raise ConfigurationError("An async callable gives keys to AsyncLLMaaS only.")

    def checked(self, key: object) -> str:
        """Refuse a key that no header takes (the HTTP library would quote it), remember others."""
        bare = _checked(key)
        self.remember([bare])
        return bare

    def remember(self, secrets: Sequence[str]) -> None:
        """Hide these as well, until as many others have been used."""
        with self._lock:
            for secret in secrets:
                self._used.pop(secret, None)
                self._used[secret] = None
                if len(self._used) > _REMEMBERED:
                    del self._used[next(iter(self._used))]
            self.used = self._all()

    @property
    def is_callable(self) -> bool:
        """Whether the key is asked for anew before each request."""
        return callable(self._source)

    @property
    def fingerprint(self) -> str:
        """Tell keys apart without telling them."""
        if callable(self._source):
            return f"callable-{id(self._source)}"
        if not self._fingerprint:  # a call asks for it
            self._fingerprint = hashlib.sha256((self._source or "").encode()).hexdigest()[:16]
        return self._fingerprint

    def __bool__(self) -> bool:
        return self._source is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, APIKey) and self._source == other._source

    def __hash__(self) -> int:
        return hash(self._source)

    def __repr__(self) -> str:
        return "Key(***)"

    def __copy__(self) -> APIKey:
        return self

    def __deepcopy__(self, memo: Any) -> APIKey:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (key_of_environment, ())


def key_of_environment() -> APIKey:
    """Return the key that ``LLMAAS_API_KEY`` holds, or one that fails when it is used."""
    return APIKey(os.environ.get(KEY_VARIABLE) or None)


def _checked(key: object) -> str:
    if not isinstance(key, str):
        raise ConfigurationError(f"The API key must be a string, not {type(key).__name__}.")
    bare = _AROUND.sub("", key).strip(_QUOTES)
    if not bare.isascii() or not bare.isprintable() or not bare:
        raise ConfigurationError("The API key is empty or holds characters that no header takes.")
    return bare
