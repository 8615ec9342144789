"""Connection of the components to the service.

All components open their clients by ``open_client`` and ``open_async_client`` of this module: a
test that replaces them, with a client that has its own ``transport`` for instance, sees all
requests.
"""

from __future__ import annotations

import copy
import threading
from typing import Any, Self

from haystack.utils import Secret

import llmaas
from llmaas import ConfigurationError, MissingAPIKeyError
from llmaas.adapters import redact_options
from llmaas.settings import KEY_VARIABLE, Settings

DEFAULT_API_KEY = Secret.from_env_var(KEY_VARIABLE)

_IGNORED = frozenset({"limits", "http1", "http2", "follow_redirects", "max_redirects"})
"""Arguments of an HTTP client that are ignored: the core manages its own connections."""

_CLIENT_FIELDS = ("client", "async_client")
_MAY_HOLD_HEADERS = (
    "generation_kwargs",
    "transcription_kwargs",
    "embedding_kwargs",
    "ranking_kwargs",
)
_open_lock = threading.Lock()


def open_client(settings: Settings) -> llmaas.LLMaaS:
    """Open the client of a component's synchronous calls."""
    return llmaas.LLMaaS.from_settings(settings)


def open_async_client(settings: Settings) -> llmaas.AsyncLLMaaS:
    """Open the client of a component's asynchronous calls."""
    return llmaas.AsyncLLMaaS.from_settings(settings)


class ConnectionMixin:
    """Connection settings and lazily opened clients, which are never copied, pickled or shown."""

    api_key: Secret
    api_base_url: str | None
    timeout: float | None
    max_retries: int | None
    http_client_kwargs: dict[str, Any] | None
    client: llmaas.LLMaaS | None
    async_client: llmaas.AsyncLLMaaS | None

    def _init_connection(
        self,
        api_key: Secret,
        api_base_url: str | None,
        timeout: float | None,
        max_retries: int | None,
        http_client_kwargs: dict[str, Any] | None,
    ) -> None:
        """Store the settings. Nothing is resolved or opened yet."""
        self.api_key = api_key
        self.api_base_url = api_base_url
        self.timeout = timeout
        self.max_retries = max_retries
        self.http_client_kwargs = http_client_kwargs
        self.client = None
        self.async_client = None

    def warm_up(self) -> None:
        """Open the synchronous client. Raises ``MissingAPIKeyError`` (a ``ValueError``)."""
        self._get_client()

    async def warm_up_async(self) -> None:
        """Open the asynchronous client, which serves any number of event loops."""
        self._get_async_client()

    def close(self) -> None:
        """Close the synchronous client. The next run reopens it."""
        client, self.client = self.client, None
        if client is not None:
            client.close()

    async def close_async(self) -> None:
        """Close the asynchronous client. The next run reopens it."""
        client, self.async_client = self.async_client, None
        if client is not None:
            await client.close()

    def _get_client(self) -> llmaas.LLMaaS:
        client = self.client
        if client is None:
            with _open_lock:
                client = self.client = self.client or open_client(self._settings())
        return client

    def _get_async_client(self) -> llmaas.AsyncLLMaaS:
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
        """Serialize the connection settings for ``to_dict``."""
        return {
            "api_key": self.api_key,
            "api_base_url": self.api_base_url,
            "timeout": self.timeout,
            "max_retries": self.max_retries,
            "http_client_kwargs": self._redacted_http_options(),
        }

    def _redacted_http_options(self) -> dict[str, Any] | None:
        """Return ``http_client_kwargs`` without passwords and authentication headers."""
        kwargs = self.http_client_kwargs
        return None if kwargs is None else redact_options(kwargs)

    def _get_telemetry_data(self) -> dict[str, Any]:
        """Report only the model's name to Haystack's telemetry, if it is enabled."""
        return {"model": getattr(self, "model", None)}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        clone = self.__class__.__new__(self.__class__)
        memo[id(self)] = clone
        for name, value in vars(self).items():
            setattr(clone, name, None if name in _CLIENT_FIELDS else copy.deepcopy(value, memo))
        return clone

    def __getstate__(self) -> dict[str, Any]:
        """Exclude clients and secrets. A key given as a token is read from the environment."""
        state = {**vars(self), **dict.fromkeys(_CLIENT_FIELDS)}
        state["http_client_kwargs"] = self._redacted_http_options()
        state |= {
            name: redact_options(state[name]) for name in _MAY_HOLD_HEADERS if state.get(name)
        }
        if not _is_from_environment(self.api_key):
            state["api_key"] = DEFAULT_API_KEY
        return state


def parse_http_client_kwargs(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """Convert arguments of an HTTP client to the core's options.

    Supports ``proxy``, ``headers``, ``timeout``, ``verify`` (the path of a CA bundle) and
    ``profile`` (the path of a file of ``llmaas probe --save``). Raises
    ``ConfigurationError`` for unknown names, and for ``verify=False``, which would expose the key.
    """
    options: dict[str, Any] = {}
    for name, value in (kwargs or {}).items():
        if name == "verify" and value is not True:
            options["ca_bundle"] = _ca_bundle(value)
        elif name in ("proxy", "headers", "timeout", "profile"):
            options[name] = value
        elif name not in _IGNORED and name != "verify":
            raise ConfigurationError(f"http_client_kwargs: {name!r} is not supported")
    return options


def _ca_bundle(value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(
            f"http_client_kwargs: verify must be True or the path of a CA bundle, got {value!r}: "
            "certificates are always checked"
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
    except ValueError:  # Haystack refuses to serialize tokens
        return False
    return True
