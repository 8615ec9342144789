"""Settings of a client: address, key, timeouts and defaults of its calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from llmaas import _redaction
from llmaas._api_key import KEY_VARIABLE, APIKey, key_from_environment
from llmaas._errors_base import ConfigurationError
from llmaas._learned import Learned
from llmaas._option_parsing import (
    Headers,
    is_seconds,
    parse_count,
    parse_deadline,
    parse_headers,
    parse_model_names,
)
from llmaas._profile_option import PROFILE_VARIABLE, given_profile
from llmaas.local_files import MAX_FILE_BYTES
from llmaas.urls import DEFAULT_BASE_URL, normalize_base_url
from llmaas.wire.retry_policy import RetryPolicy

if TYPE_CHECKING:
    from llmaas.catalog.profile import Profile

URL_VARIABLE = "LLMAAS_BASE_URL"
CA_VARIABLE = "LLMAAS_CA_BUNDLE"
_NO_HEADERS = _redaction.HiddenHeaders(())
VENDOR_URL_VARIABLE = "LLMAAS_API_URL"  # the vendor's own products'; the second choice
_ACCOUNT = frozenset({"root", "key"})
"""Fields whose change makes the learned facts about models obsolete."""

__all__ = [
    "CA_VARIABLE",
    "DEFAULT_BASE_URL",
    "KEY_VARIABLE",
    "MAX_FILE_BYTES",
    "PROFILE_VARIABLE",
    "URL_VARIABLE",
    "APIKey",
    "Limits",
    "Settings",
    "Timeout",
]


@dataclass(frozen=True, slots=True)
class Timeout:
    """Seconds to wait for a connection, and for the next byte of an answer.

    A reasoning model may send nothing for minutes: clients of the service use up to 660 s.
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
        if not is_seconds(value):
            raise ConfigurationError(f"timeout must be seconds or a Timeout, got {value!r}.")
        return cls(min(10.0, float(value)), float(value))


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the size of an answer, so that none exhausts the memory.

    An answer beyond a limit raises ``InvalidResponseError`` (``StreamInterrupted`` in mid-stream)
    and is not requested again.
    """

    body: int = 256 << 20
    """Bytes of one answer, decompressed. Defaults to 256 MiB."""
    event: int = 64 << 20
    """Bytes of one event of a stream. Defaults to 64 MiB."""
    ratio: int = 200
    """Maximum compression ratio of a body, beyond 4 MiB. Defaults to 200."""

    def __post_init__(self) -> None:
        for name in ("body", "event", "ratio"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ConfigurationError(f"limits.{name} must be an integer >= 1, got {value!r}.")


@dataclass(frozen=True, slots=True)
class _Option:
    """How an argument of a client becomes a field of ``Settings``."""

    parse: Callable[[Any], Any]
    argument: str = ""
    """Its name, if it differs from the field's."""
    reads_environment: bool = False
    """Whether ``parse(None)`` reads a variable if the argument is not given."""
    is_public: bool = False
    """Whether ``Settings.to_public_dict`` returns it, if it differs from the default."""


def _option(parse: Callable[[Any], Any], argument: str = "", **flags: bool) -> dict[str, Any]:
    return {"option": _Option(parse, argument, **flags)}


def _parse_key(value: Any) -> APIKey:
    return key_from_environment() if value is None else APIKey(value)


def _parse_root(value: Any) -> str:
    return normalize_base_url(value or address_from_environment() or DEFAULT_BASE_URL)


def _parse_retry(value: Any) -> RetryPolicy:
    return RetryPolicy(max_retries=parse_count(value, "max_retries"))


def _parse_profile(value: Any) -> Profile | None:
    if given_profile(value) is None:
        return None
    from llmaas.catalog.profile_loading import load_profile  # slow to import, and seldom needed

    return load_profile(value)


def _parse_ca_bundle(value: Any) -> str | None:
    return value or os.environ.get(CA_VARIABLE) or None


def _parse_file_bytes(value: Any) -> int:
    return parse_count(value, "max_file_bytes")


def _parse_limits(value: Any) -> Limits:
    if value is None:
        return Limits()
    if not isinstance(value, Limits):
        raise ConfigurationError(f"limits must be a Limits, got {value!r}.")
    return value


def _keep(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a client. Frozen, picklable, comparable; secrets are never shown.

    Each field that a client accepts as an argument declares its parser here. ``ClientOptions``
    documents the arguments.

    A pickle contains neither the key, nor the proxy's user and password, nor headers that are not
    known to be harmless: the key is read from the environment where it is loaded, the rest must be
    given again. A copy within the process is the same object.
    """

    root: str = field(metadata=_option(_parse_root, "base_url", reads_environment=True))
    """The address without ``/v1``, as the Cohere paths need it."""
    key: APIKey = field(metadata=_option(_parse_key, "api_key", reads_environment=True))
    timeout: Timeout = field(default_factory=Timeout, metadata=_option(Timeout.coerce))
    retry: RetryPolicy = field(
        default_factory=RetryPolicy, metadata=_option(_parse_retry, "max_retries")
    )
    deadline: float | None = field(default=None, metadata=_option(parse_deadline, is_public=True))
    ca_bundle: str | None = field(
        default=None, metadata=_option(_parse_ca_bundle, reads_environment=True, is_public=True)
    )
    proxy: str | None = field(default=None, repr=False, metadata=_option(_keep))
    """May contain a password."""
    headers: Headers = field(default=(), repr=False, metadata=_option(parse_headers))
    conform: bool = field(default=True, metadata=_option(_keep, is_public=True))
    limits: Limits = field(default_factory=Limits, metadata=_option(_parse_limits))
    hooks: tuple[Any, ...] = field(default=(), repr=False, compare=False, metadata=_option(tuple))
    fallbacks: tuple[str, ...] = field(
        default=(), metadata=_option(parse_model_names, is_public=True)
    )
    retry_empty: bool = field(default=False, metadata=_option(_keep, is_public=True))
    max_file_bytes: int = field(
        default=MAX_FILE_BYTES, metadata=_option(_parse_file_bytes, is_public=True)
    )
    strict: bool = field(default=False, metadata=_option(_keep, is_public=True))
    profile: Profile | None = field(
        default=None, metadata=_option(_parse_profile, reads_environment=True, is_public=True)
    )
    learned: Learned = field(default_factory=Learned, repr=False, compare=False)
    """Facts about models, learned from the answers at this address with this key."""

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
        """Keys and headers that were sent, and that the service may echo."""
        recent = self.key.recent
        return (*recent, *_redaction.header_secrets(self.headers)) if self.headers else recent

    @property
    def secrets(self) -> tuple[str, ...]:
        """Keys, proxy passwords and authenticating headers, which no message may repeat."""
        from urllib.request import getproxies  # slow to import, and needed only after a failure

        proxies = (self.proxy, *getproxies().values())
        passwords = [secret for proxy in proxies for secret in _redaction.proxy_secrets(proxy)]
        return (*self.known_secrets, *passwords)

    def hide(self, headers: Any) -> _redaction.HiddenHeaders:
        """Check the headers of a call and keep their secrets out of messages and reprs."""
        if headers is None:
            return _NO_HEADERS
        if isinstance(headers, _redaction.HiddenHeaders):
            return headers
        checked = parse_headers(headers)
        self.key.remember(_redaction.header_secrets(checked))
        return _redaction.HiddenHeaders(checked)

    def hide_in(self, options: dict[str, Any]) -> None:
        """Hide the headers among a call's options in place."""
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
        for name, option in OPTIONS.items():
            value = getattr(self, option.name)
            if option.metadata["option"].is_public and value != option.default:
                public[name] = _to_json(value)
        return public

    def replace(self, **changes: Any) -> Settings:
        """Return a copy with some values changed."""
        return replace(self, **changes)

    def with_options(self, **arguments: Any) -> Settings:
        """Return a copy with arguments of ``create`` changed; the rate-limit timeout is kept."""
        changes = {_field(name).name: _parse(name, value) for name, value in arguments.items()}
        if "retry" in changes:
            changes["retry"] = replace(self.retry, max_retries=changes["retry"].max_retries)
        if changes.keys() & _ACCOUNT:
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
        return (_restore, (kept,))

    @classmethod
    def create(cls, **arguments: Any) -> Settings:
        """Build settings from arguments, then ``LLMAAS_*`` of the environment, then defaults.

        Raises ``ConfigurationError`` for an invalid value and ``TypeError`` for an unknown name.
        A missing key is reported by the first call, so that a client can be created before the
        environment is set up.
        """
        given = dict.fromkeys(_FROM_ENVIRONMENT) | arguments
        return cls(**{_field(name).name: _parse(name, value) for name, value in given.items()})


OPTIONS: Mapping[str, Field[Any]] = {
    each.metadata["option"].argument or each.name: each
    for each in fields(Settings)
    if "option" in each.metadata
}
"""Fields of ``Settings`` by the argument of a client that sets each."""
_FROM_ENVIRONMENT = tuple(
    name for name, each in OPTIONS.items() if each.metadata["option"].reads_environment
)


def _field(argument: str) -> Field[Any]:
    try:
        return OPTIONS[argument]
    except KeyError:
        raise TypeError(f"LLMaaS() got an unexpected keyword argument {argument!r}") from None


def _parse(argument: str, value: Any) -> Any:
    return _field(argument).metadata["option"].parse(value)


def _to_json(value: Any) -> Any:
    if hasattr(value, "to_dict"):  # a Profile
        return value.source or value.to_dict()
    return list(value) if isinstance(value, tuple) else value


def address_from_environment() -> str | None:
    """Return the address that the environment sets, or None."""
    return os.environ.get(URL_VARIABLE) or os.environ.get(VENDOR_URL_VARIABLE) or None


def _restore(values: dict[str, Any]) -> Settings:
    return Settings(**values)
