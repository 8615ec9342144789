"""Where, who, how long: what a client is told once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from llmaas import _redaction
from llmaas._api_key import KEY_VARIABLE, APIKey, key_from_environment
from llmaas._errors_base import ConfigurationError
from llmaas._learned import Learned
from llmaas.local_files import MAX_FILE_BYTES
from llmaas.urls import DEFAULT_BASE_URL, normalize_base_url
from llmaas.wire.retry import RetryPolicy

URL_VARIABLE, CA_VARIABLE = "LLMAAS_BASE_URL", "LLMAAS_CA_BUNDLE"
_NO_HEADERS = _redaction.HiddenHeaders(())
VENDOR_URL_VARIABLE = "LLMAAS_API_URL"
"""The name in the vendor's own products; read where ``LLMAAS_BASE_URL`` is not set."""
_ACCOUNT = frozenset({"root", "key"})
"""Fields that say whose answers a client reads."""

_PUBLIC_DEFAULTS: Mapping[str, Any] = {
    "deadline": None,
    "ca_bundle": None,
    "fallbacks": (),
    "retry_empty": False,
    "conform": True,
    "strict": False,
    "max_file_bytes": MAX_FILE_BYTES,
}
"""Options of ``Settings.to_public_dict`` and their defaults."""

__all__ = [
    "CA_VARIABLE",
    "DEFAULT_BASE_URL",
    "KEY_VARIABLE",
    "MAX_FILE_BYTES",
    "URL_VARIABLE",
    "APIKey",
    "Limits",
    "Settings",
    "Timeout",
]


@dataclass(frozen=True, slots=True)
class Timeout:
    """Seconds to wait for a connection, and for the next byte of an answer.

    A model that thinks sends nothing for minutes: clients of the service use up to 660 s.
    """

    connect: float = 10.0
    read: float = 600.0

    @classmethod
    def coerce(cls, value: float | Timeout | Mapping[str, float] | None) -> Timeout:
        """Convert a number of seconds (of reading), or what ``asdict`` returned.

        Defaults to ``Timeout()`` for None. Raises ``ConfigurationError`` for anything else.
        """
        if isinstance(value, Timeout):
            return value
        if isinstance(value, Mapping) and value.keys() <= {"connect", "read"}:
            return cls(**value)
        if value is None:
            return cls()
        if not _is_seconds(value):
            raise ConfigurationError(f"timeout must be seconds or a Timeout, not {value!r}")
        return cls(min(10.0, float(value)), float(value))


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an answer is read at most, so that no answer fills the memory.

    An answer beyond a limit is an ``InvalidResponseError`` (``StreamInterrupted`` in mid-stream),
    and is not asked for again.
    """

    body: int = 256 << 20
    """Bytes of one answer, unpacked. Defaults to 256 MiB."""
    event: int = 64 << 20
    """Bytes of one event of a stream. Defaults to 64 MiB."""
    ratio: int = 200
    """How many times larger than what was sent an unpacked body may be, beyond 4 MiB."""

    def __post_init__(self) -> None:
        for name in ("body", "event", "ratio"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ConfigurationError(f"limits.{name} must be an integer >= 1, got {value!r}.")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a client is told once. Frozen, picklable, comparable; no secret ever shows.

    A pickle holds neither the key, nor the proxy's user and password, nor headers that are not
    known to be harmless: the key is read from the environment where it wakes up, the rest must be
    told again. A copy within the process is the same object.
    """

    root: str
    """The address without ``/v1``, as the Cohere paths need it."""
    key: APIKey
    timeout: Timeout = field(default_factory=Timeout)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    deadline: float | None = None
    ca_bundle: str | None = None
    proxy: str | None = field(default=None, repr=False)  # may hold a password
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    conform: bool = True
    """Whether conversations are changed to what the model's chat template takes."""
    limits: Limits = field(default_factory=Limits)
    hooks: tuple[Any, ...] = field(default=(), repr=False, compare=False)
    """What sees every call before it is sent and after it ended: quotas, budgets, telemetry."""
    fallbacks: tuple[str, ...] = ()
    """Models to ask when the one of a call does not answer."""
    retry_empty: bool = False
    """Whether an empty answer is asked for once more."""
    max_file_bytes: int = MAX_FILE_BYTES
    """The size up to which local files are read."""
    strict: bool = False
    """Whether an input that the model is not known to take is an error, not a warning."""
    learned: Learned = field(default_factory=Learned, repr=False, compare=False)
    """What answers at this address, with this key, have taught about models."""

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

    @property
    def known_secrets(self) -> tuple[str, ...]:
        """The keys and headers that the service was sent, and may echo in any answer."""
        recent = self.key.recent
        return (*recent, *_redaction.header_secrets(self.headers)) if self.headers else recent

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may repeat: keys, proxies' passwords, headers that authenticate."""
        from urllib.request import getproxies  # slow to import, and needed only after a failure

        proxies = (self.proxy, *getproxies().values())
        passwords = [secret for proxy in proxies for secret in _redaction.proxy_secrets(proxy)]
        return (*self.known_secrets, *passwords)

    def hide(self, headers: Any) -> _redaction.HiddenHeaders:
        """Check one call's headers; keep what authenticates in them out of messages and reprs."""
        if headers is None:
            return _NO_HEADERS
        if isinstance(headers, _redaction.HiddenHeaders):
            return headers
        checked = _checked(headers)
        self.key.remember(_redaction.header_secrets(checked))
        return _redaction.HiddenHeaders(checked)

    def hide_in(self, options: dict[str, Any]) -> None:
        """Hide the headers among a call's options, also from the frame that holds these."""
        if options.get("extra_headers") is not None:
            options["extra_headers"] = self.hide(options["extra_headers"])

    def to_public_dict(self) -> dict[str, Any]:
        """Return arguments of a client as plain JSON values; never a key, a proxy or a header.

        Options at their defaults are left out, except ``base_url``, ``timeout`` and
        ``max_retries``.
        """
        public = {
            "base_url": self.base_url,
            "timeout": {"connect": self.timeout.connect, "read": self.timeout.read},
            "max_retries": self.retry.max_retries,
        }
        for name, default in _PUBLIC_DEFAULTS.items():
            value = getattr(self, name)
            if value != default:
                public[name] = list(value) if isinstance(value, tuple) else value
        return public

    def replace(self, **changes: Any) -> Settings:
        """Return a copy with some values changed."""
        return replace(self, **changes)

    def with_options(self, **arguments: Any) -> Settings:
        """Return a copy with arguments of ``create`` changed; the rate-limit timeout is kept."""
        told = Settings.create(**{"base_url": DEFAULT_BASE_URL, **arguments})
        names = {"api_key": "key", "base_url": "root", "max_retries": "retry"}
        wanted = {names.get(name, name) for name in arguments}
        changes: dict[str, Any] = {name: getattr(told, name) for name in wanted}
        if "retry" in changes:
            changes["retry"] = replace(self.retry, max_retries=told.retry.max_retries)
        if wanted & _ACCOUNT:
            changes["learned"] = Learned()
        return replace(self, **changes)

    def __copy__(self) -> Settings:
        return self

    def __deepcopy__(self, memo: Any) -> Settings:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "learned"}
        kept["proxy"] = _redaction.without_credentials(self.proxy)
        kept["headers"] = tuple(h for h in self.headers if _redaction.is_safe_name(h[0]))
        return (_woken, (kept,))

    @classmethod
    def create(
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
        conform: bool = True,
        limits: Limits | None = None,
        hooks: Sequence[Any] = (),
        fallbacks: Sequence[str] = (),
        retry_empty: bool = False,
        max_file_bytes: int = MAX_FILE_BYTES,
        strict: bool = False,
    ) -> Settings:
        """Read arguments, then ``LLMAAS_*`` of the environment, then defaults.

        Raises ``ConfigurationError`` for what can never work. A missing key is told by the
        first request, so that objects can be built before the environment is.
        """
        return cls(
            root=normalize_base_url(base_url or address_of_environment() or DEFAULT_BASE_URL),
            key=APIKey(api_key) if api_key is not None else key_from_environment(),
            timeout=Timeout.coerce(timeout),
            retry=RetryPolicy(max_retries=_not_negative(max_retries, "max_retries")),
            deadline=None if deadline is None else checked_seconds(deadline),
            ca_bundle=ca_bundle or os.environ.get(CA_VARIABLE) or None,
            proxy=proxy,
            headers=_checked(headers or {}),
            conform=conform,
            limits=_limits(limits),
            hooks=tuple(hooks),
            fallbacks=model_names(fallbacks),
            retry_empty=retry_empty,
            max_file_bytes=_not_negative(max_file_bytes, "max_file_bytes"),
            strict=strict,
        )


def checked_seconds(value: Any) -> float:
    """Return a deadline; raise ``ConfigurationError`` for what is not a number of seconds."""
    if not _is_seconds(value):
        raise ConfigurationError(f"deadline must be a number of seconds, got {value!r}")
    return float(value)


def _is_seconds(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def address_of_environment() -> str | None:
    """Return the address that the environment names, or None."""
    return os.environ.get(URL_VARIABLE) or os.environ.get(VENDOR_URL_VARIABLE) or None


def _checked(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return headers; refuse what HTTP has no way to say, without repeating it."""
    if not isinstance(headers, Mapping):
        raise ConfigurationError(
            f"headers must be a dict of strings, not {type(headers).__name__}."
        )
    for name, value in headers.items():
        if not all(isinstance(t, str) and t.isascii() and t.isprintable() for t in (name, value)):
            raise ConfigurationError(
                f"The header {name!r} must be a string of printable ASCII characters."
            )
    return tuple(headers.items())


def model_names(names: Any) -> tuple[str, ...]:
    """Return names of models; raise ``ConfigurationError`` for anything else."""
    if (
        isinstance(names, str)
        or not isinstance(names, Sequence)
        or not all(isinstance(name, str) and name.strip() for name in names)
    ):
        raise ConfigurationError(f"fallbacks must be a list of model names, got {names!r}")
    return tuple(names)


def _limits(limits: Any) -> Limits:
    if limits is None:
        return Limits()
    if not isinstance(limits, Limits):
        raise ConfigurationError(f"limits must be a Limits, got {limits!r}.")
    return limits


def _woken(values: dict[str, Any]) -> Settings:
    return Settings(**values)


def _not_negative(number: int, name: str) -> int:
    if not isinstance(number, int) or number < 0:
        raise ConfigurationError(f"{name} must be a number and not negative, not {number!r}")
    return number
