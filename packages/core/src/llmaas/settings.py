"""Settings of a client: address, key, timeouts and defaults of its calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from llmaas import _redaction
from llmaas._api_key import KEY_VARIABLE, APIKey
from llmaas._client_options import (
    CA_VARIABLE,
    OPTIONS,
    URL_VARIABLE,
    address_from_environment,
    parse_options,
)
from llmaas._learned import Learned
from llmaas._option_parsing import PROFILE_VARIABLE, Headers, Limits, Timeout, parse_headers
from llmaas.local_files import MAX_FILE_BYTES
from llmaas.urls import DEFAULT_BASE_URL
from llmaas.wire.retry_policy import RetryPolicy

if TYPE_CHECKING:
    from llmaas.catalog.profile import Profile

_NO_HEADERS = _redaction.HiddenHeaders(())
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
    "address_from_environment",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a client. Frozen, picklable, comparable; secrets are never shown.

    ``llmaas._client_options.OPTIONS`` parses the arguments of a client; ``ClientOptions`` documents
    them.

    A pickle contains neither the key, nor the proxy's user and password, nor headers that are not
    known to be harmless: the key is read from the environment where it is loaded, the rest must be
    given again. A copy within the process is the same object.
    """

    root: str
    """The address without ``/v1``, as the Cohere paths need it."""
    key: APIKey
    timeout: Timeout = field(default_factory=Timeout)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    deadline: float | None = None
    """Seconds for a whole call, with its retries."""
    ca_bundle: str | None = None
    proxy: str | None = field(default=None, repr=False)
    """May contain a password."""
    headers: Headers = field(default=(), repr=False)
    conform: bool = True
    limits: Limits = field(default_factory=Limits)
    hooks: tuple[Any, ...] = field(default=(), repr=False, compare=False)
    fallbacks: tuple[str, ...] = ()
    retry_empty: bool = False
    max_file_bytes: int = MAX_FILE_BYTES
    strict: bool = False
    profile: Profile | None = None
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

    def hide(
        self, headers: Mapping[str, str] | _redaction.HiddenHeaders | None
    ) -> _redaction.HiddenHeaders:
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
        for name, default in _PUBLIC_DEFAULTS.items():
            value = getattr(self, name)
            if value != default:
                public[name] = _to_json(value)
        return public

    def replace(self, **changes: Any) -> Settings:
        """Return a copy with some values changed."""
        return replace(self, **changes)

    def with_options(self, **arguments: Any) -> Settings:
        """Return a copy with arguments of ``create`` changed; the rate-limit timeout is kept."""
        changes = parse_options(arguments)
        if "retry" in changes:
            changes["retry"] = replace(self.retry, max_retries=changes["retry"].max_retries)
        if changes.keys() & _ACCOUNT:
            changes["learned"] = Learned()
        return replace(self, **changes)

    def __copy__(self) -> Settings:
        return self

    def __deepcopy__(self, memo: object) -> Settings:
        return self

    def __reduce__(self) -> tuple[object, ...]:
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
        return cls(**parse_options(dict.fromkeys(_FROM_ENVIRONMENT) | arguments))


_FROM_ENVIRONMENT = tuple(name for name, option in OPTIONS.items() if option.reads_environment)
_PUBLIC_DEFAULTS = {
    each.name: each.default
    for each in fields(Settings)
    if each.name in OPTIONS and OPTIONS[each.name].is_public
}


def _to_json(value: Any) -> object:
    if hasattr(value, "to_dict"):  # a Profile
        return value.source or value.to_dict()
    return list(value) if isinstance(value, tuple) else value


def _restore(values: dict[str, Any]) -> Settings:
    return Settings(**values)
