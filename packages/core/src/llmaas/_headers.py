"""Response headers that callers may see."""

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
        """Keep all headers but cookies and tokens; hide ``secrets`` in their values."""
        public = {name.lower(): headers[name] for name in headers if _is_public(name)}
        values = "\n".join(public.values())
        for secret in secrets:
            if secret in values:  # hardly ever: nothing is built before
                hide = Redactor(secrets)
                public = {name: hide.text(value) for name, value in public.items()}
                break
        made = cls.__new__(cls)
        made._values = public
        return made

    @property
    def is_cache_hit(self) -> bool:
        """Whether a cache answered. Of several caches, the last one named is the nearest."""
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
    """Whether a header authenticates nobody; rate limits of tokens are no secret."""
    name = name.lower()
    return name.startswith(("x-ratelimit-", "ratelimit-")) or not is_secret_name(name)
