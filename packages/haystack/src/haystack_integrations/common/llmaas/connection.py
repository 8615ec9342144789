"""The way to the service: who opens it, when, and what a component keeps of it.

``open_client`` and ``open_async_client`` are the one seam: every component calls them, here
and nowhere else. A test that replaces one of them in this module (with a client whose
``transport`` is its own, say) has all of the traffic.
"""

from __future__ import annotations

import copy
import threading
from typing import Any, Self

from haystack.utils import Secret

from llmaas import AsyncLLMaaS, ConfigurationError, LLMaaS, MissingAPIKeyError
from llmaas.adapters import redact_options
from llmaas.settings import KEY_VARIABLE, Settings

DEFAULT_API_KEY = Secret.from_env_var(KEY_VARIABLE)

_IGNORED = frozenset({"limits", "http1", "http2", "follow_redirects", "max_redirects"})
"""Arguments of an HTTP client that have no meaning here: the core keeps its own pools."""

_CLIENT_FIELDS = ("client", "async_client")
_MAY_HOLD_HEADERS = (
    "generation_kwargs",
    "transcription_kwargs",
    "embedding_kwargs",
    "ranking_kwargs",
)
_open_lock = threading.Lock()


def open_client(settings: Settings) -> LLMaaS:
    """Return the client that all synchronous calls of a component go through."""
    return LLMaaS.from_settings(settings)


def open_async_client(settings: Settings) -> AsyncLLMaaS:
    """Return the client that all asynchronous calls of a component go through."""
    return AsyncLLMaaS.from_settings(settings)


class ConnectionMixin:
    """A component's connection: opened when first needed, and never copied, pickled or shown."""

    api_key: Secret
    api_base_url: str | None
    timeout: float | None
    max_retries: int | None
    http_client_kwargs: dict[str, Any] | None
    client: LLMaaS | None
    async_client: AsyncLLMaaS | None

    def _init_connection(
        self,
        api_key: Secret,
        api_base_url: str | None,
        timeout: float | None,
        max_retries: int | None,
        http_client_kwargs: dict[str, Any] | None,
    ) -> None:
        """Keep what a connection needs; nothing is resolved or opened yet."""
        self.api_key = api_key
        self.api_base_url = api_base_url
        self.timeout = timeout
        self.max_retries = max_retries
        self.http_client_kwargs = http_client_kwargs
        self.client = None
        self.async_client = None

    def warm_up(self) -> None:
        """Open the synchronous client; ``MissingAPIKeyError`` (a ``ValueError``) without a key."""
        self._get_client()

    async def warm_up_async(self) -> None:
        """Open the asynchronous client. It serves any event loop, one after the other too."""
        self._get_async_client()

    def close(self) -> None:
        """Give the synchronous connections back; a later run opens them again."""
        client, self.client = self.client, None
        if client is not None:
            client.close()

    async def close_async(self) -> None:
        """Give the asynchronous connections back; a later run opens them again."""
        client, self.async_client = self.async_client, None
        if client is not None:
            await client.close()

    def _get_client(self) -> LLMaaS:
        client = self.client
        if client is None:
            with _open_lock:
                client = self.client = self.client or open_client(self._settings())
        return client

    def _get_async_client(self) -> AsyncLLMaaS:
        client = self.async_client
        if client is None:
            with _open_lock:
                client = self.async_client = self.async_client or open_async_client(
                    self._settings()
                )
        return client

    def _settings(self) -> Settings:
        options: dict[str, Any] = parse_http_client_kwargs(self.http_client_kwargs)
        if self.timeout is not None:
            options["timeout"] = self.timeout
        if self.max_retries is not None:
            options["max_retries"] = self.max_retries
        return Settings.create(
            api_key=_resolve_key(self.api_key), base_url=self.api_base_url, **options
        )

    def _connection_to_dict(self) -> dict[str, Any]:
        """Return what ``to_dict`` says about the connection."""
        return {
            "api_key": self.api_key,
            "api_base_url": self.api_base_url,
            "timeout": self.timeout,
            "max_retries": self.max_retries,
            "http_client_kwargs": self._redacted_http_options(),
        }

    def _redacted_http_options(self) -> dict[str, Any] | None:
        """Return the options of the HTTP client without passwords and headers that authenticate."""
        told = self.http_client_kwargs
        return None if told is None else redact_options(told)

    def _get_telemetry_data(self) -> dict[str, Any]:
        """Tell Haystack's telemetry, where it is on, the model's name and nothing else."""
        return {"model": getattr(self, "model", None)}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = self.__class__.__new__(self.__class__)
        memo[id(self)] = twin
        for name, value in vars(self).items():
            setattr(twin, name, None if name in _CLIENT_FIELDS else copy.deepcopy(value, memo))
        return twin

    def __getstate__(self) -> dict[str, Any]:
        """Leave out clients and secrets; a key given as text comes from the environment."""
        state = {**vars(self), **dict.fromkeys(_CLIENT_FIELDS)}
        state["http_client_kwargs"] = self._redacted_http_options()
        state |= {
            name: redact_options(state[name]) for name in _MAY_HOLD_HEADERS if state.get(name)
        }
        if not _is_from_environment(self.api_key):
            state["api_key"] = DEFAULT_API_KEY
        return state


def parse_http_client_kwargs(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """Return the core's options for arguments of an HTTP client, given as plain values.

    ``proxy``, ``headers``, ``timeout`` and ``verify`` (a CA bundle's path) are understood.
    ``ConfigurationError`` for ``verify=False``, which would give the key to anyone on the way,
    and for what is not known.
    """
    options: dict[str, Any] = {}
    for name, value in (kwargs or {}).items():
        if name == "verify" and value is not True:
            options["ca_bundle"] = _ca_bundle(value)
        elif name in ("proxy", "headers", "timeout"):
            options[name] = value
        elif name not in _IGNORED and name != "verify":
            raise ConfigurationError(f"http_client_kwargs: {name!r} is not supported")
    return options


def _ca_bundle(value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(
            "http_client_kwargs: certificates are always checked; for a private authority set "
            "verify to the path of its CA bundle"
        )
    return value


def _resolve_key(secret: Secret) -> str | None:
    try:
        value: str | None = secret.resolve_value()
    except ValueError as error:
        raise MissingAPIKeyError(f"{error} {MissingAPIKeyError.hint}") from error
    return value


def _is_from_environment(secret: Secret) -> bool:
    try:
        secret.to_dict()
    except ValueError:  # Haystack's tokens refuse to be written down
        return False
    return True
