"""Read-only response headers without secrets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, Self

from llmaas._redaction import Redactor, is_secret_name

_CACHE_HEADERS = ("x-cache", "x-cache-status", "cf-cache-status", "cache-status", "x-proxy-cache")


class Headers(Mapping[str, str]):
    """Read-only headers; names are case-insensitive."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = {name.lower(): value for name, value in (values or {}).items()}

    @classmethod
    def without_secrets(cls, headers: Mapping[str, str], secrets: Collection[str]) -> Self:
        """Drop cookies and tokens; redact ``secrets`` in the other values."""
        public = {name.lower(): headers[name] for name in headers if _is_public(name)}
        values = "\n".join(public.values())
        for secret in secrets:
            if secret in values:  # rare, so the redactor is built only here
                redactor = Redactor(secrets)
                public = {name: redactor.text(value) for name, value in public.items()}
                break
        built = cls.__new__(cls)
        built._values = public
        return built

    @property
    def is_cache_hit(self) -> bool:
        """Whether a cache answered; of several caches, the last one listed is the nearest."""
        values = (self._values.get(name) for name in _CACHE_HEADERS)
        return any("hit" in value.lower().rsplit(",", 1)[-1] for value in values if value)

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a header, or ``default``."""
        return self._values.get(name.lower(), default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"


@lru_cache(maxsize=512)
def _is_public(name: str) -> bool:
    """Whether a header contains no credential; token rate limits are not secret."""
    name = name.lower()
    return name.startswith(("x-ratelimit-", "ratelimit-")) or not is_secret_name(name)
