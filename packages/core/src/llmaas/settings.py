"""Where, who, how long: what a client is told once."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from llmaas.wire.retry import RetryPolicy

DEFAULT_BASE_URL = "https://api.ai.cloud-temple.com/v1"
KEY_VARIABLE, URL_VARIABLE, CA_VARIABLE = "LLMAAS_API_KEY", "LLMAAS_BASE_URL", "LLMAAS_CA_BUNDLE"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Timeout:
    """Seconds to wait for a connection, and for the next byte of an answer.

    A model that thinks sends nothing for minutes: clients of the service use up to 660 s.
    """

    connect: float = 10.0
    read: float = 600.0

    @classmethod
    def of(cls, value: float | Timeout | None) -> Timeout:
        """Read a number of seconds as the read timeout; None as the default."""
        if isinstance(value, Timeout):
            return value
        return cls() if value is None else cls(min(10.0, float(value)), float(value))


class Key:
    """An API key, or a callable that returns the current one; never shown, never pickled.

    A pickled key comes back as whatever ``LLMAAS_API_KEY`` holds where it is loaded.
    """

    __slots__ = ("_source", "last")

    def __init__(self, source: str | Callable[[], Any] | None) -> None:
        self._source = _checked(source) if isinstance(source, str) else source
        self.last = self._source if isinstance(self._source, str) else ""
        """The key used last, to scrub it from what the service echoes."""

    def current(self) -> Any:
        """Return the key (or an awaitable of it, if the callable gave one)."""
        if self._source is None:
            from llmaas.errors import MissingAPIKeyError

            raise MissingAPIKeyError
        if isinstance(self._source, str):
            return self._source
        key = self._source()
        return self.checked(key) if isinstance(key, str) else key

    def checked(self, key: str) -> str:
        """Refuse a key that no header takes (the HTTP library would quote it), remember others."""
        self.last = _checked(key)
        return self.last

    @property
    def is_callable(self) -> bool:
        """Whether the key is asked for anew before each request."""
        return callable(self._source)

    @property
    def fingerprint(self) -> str:
        """Tell keys apart without telling them."""
        if callable(self._source):
            return f"callable-{id(self._source)}"
        return hashlib.sha256((self._source or "").encode()).hexdigest()[:16]

    def __bool__(self) -> bool:
        return self._source is not None

    def __repr__(self) -> str:
        return "Key(***)"

    def __copy__(self) -> Key:
        return self

    def __deepcopy__(self, memo: Any) -> Key:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (_key_of_environment, ())


def _key_of_environment() -> Key:
    return Key(os.environ.get(KEY_VARIABLE) or None)


def _checked(key: str) -> str:
    key = key.strip()
    if not key.isascii() or not key.isprintable() or not key:
        from llmaas.errors import ConfigurationError

        raise ConfigurationError("The API key is empty or holds characters that no header takes.")
    return key


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a client is told once. Frozen, picklable, comparable; the key never shows."""

    root: str
    """The address without ``/v1``, as the Cohere paths need it."""
    key: Key
    timeout: Timeout = field(default_factory=Timeout)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    deadline: float | None = None
    ca_bundle: str | None = None
    proxy: str | None = field(default=None, repr=False)  # may hold a password
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    watchers: tuple[Any, ...] = field(default=(), repr=False, compare=False)
    """What sees every call before it is sent and after it ended: quotas, budgets, telemetry."""

    @property
    def base_url(self) -> str:
        """The address that OpenAI clients take, with ``/v1``."""
        return self.root + "/v1"

    @property
    def host(self) -> str:
        """The host name of the service."""
        return urlsplit(self.root).hostname or ""

    @property
    def is_service(self) -> bool:
        """Whether this is the service itself, not a sandbox or a gateway."""
        return self.base_url == DEFAULT_BASE_URL

    def but(self, **changes: Any) -> Settings:
        """Return a copy with some values changed."""
        return replace(self, **changes)

    @classmethod
    def of(
        cls,
        *,
        api_key: str | Callable[[], Any] | None = None,
        base_url: str | None = None,
        timeout: float | Timeout | None = None,
        max_retries: int = 2,
        deadline: float | None = None,
        ca_bundle: str | None = None,
        proxy: str | None = None,
        headers: Mapping[str, str] | None = None,
        watchers: Sequence[Any] = (),
    ) -> Settings:
        """Read arguments, then ``LLMAAS_*`` of the environment, then defaults.

        Raises ``ConfigurationError`` for what can never work. A missing key is told by the
        first request, so that objects can be built before the environment is.
        """
        return cls(
            root=_root(base_url or os.environ.get(URL_VARIABLE) or DEFAULT_BASE_URL),
            key=Key(api_key) if api_key is not None else _key_of_environment(),
            timeout=Timeout.of(timeout),
            retry=RetryPolicy(max_retries=_not_negative(max_retries)),
            deadline=deadline,
            ca_bundle=ca_bundle or os.environ.get(CA_VARIABLE) or None,
            proxy=proxy,
            headers=tuple((headers or {}).items()),
            watchers=tuple(watchers),
        )


def _root(base_url: str) -> str:
    url = base_url.strip().rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        from llmaas.errors import ConfigurationError

        raise ConfigurationError(
            f"base_url {base_url!r} is no http(s) address; the service's is {DEFAULT_BASE_URL}"
        )
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        from llmaas.warnings import InsecureURLWarning

        warnings.warn(
            f"{url} is not encrypted: the key and every prompt can be read on the way",
            InsecureURLWarning,
            stacklevel=5,
        )
    return url.removesuffix("/v1")


def _not_negative(retries: int) -> int:
    if retries < 0:
        from llmaas.errors import ConfigurationError

        raise ConfigurationError(f"max_retries must not be negative, not {retries}")
    return retries
