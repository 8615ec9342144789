"""Core clients built from an AutoGen configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, Required, TypedDict, TypeVar, Unpack, cast

import llmaas
from llmaas import MissingAPIKeyError

ApiKey = str | Callable[[], Any] | None

ClientT = TypeVar("ClientT", "llmaas.LLMaaS", "llmaas.AsyncLLMaaS")


class Connection(TypedDict, total=False):
    """Optional connection arguments. Times in seconds; None is the core's default."""

    timeout: float | None
    deadline: float | None
    max_retries: int | None
    ca_bundle: str | None
    profile: str | None
    proxy: str | None
    default_headers: Mapping[str, str] | None


class ClientConfig(Protocol):
    """Configuration of a client; it has every field of ``Connection``, too."""

    @property
    def api_key_env(self) -> str:
        """Variable that holds the key."""

    @property
    def base_url(self) -> str | None:
        """Address of the service."""

    @property
    def rate_limit_timeout(self) -> float:
        """Seconds to wait for rate limits."""


class ConnectionOptions(TypedDict, total=False):
    """Connection arguments of the core's clients."""

    api_key: Required[str | Callable[[], Any]]
    base_url: Required[str | None]
    timeout: float
    deadline: float
    max_retries: int
    ca_bundle: str
    profile: str
    proxy: str
    headers: Mapping[str, str]


def connection_options(
    api_key: ApiKey, api_key_env: str, base_url: str | None, **connection: Unpack[Connection]
) -> ConnectionOptions:
    """Build the connection arguments of the core's clients.

    The variable ``api_key_env`` is read whenever a client is created. Raises
    ``MissingAPIKeyError`` if there is no key.
    """
    key = api_key or os.environ.get(api_key_env)
    if not key:
        raise MissingAPIKeyError(f"No API key. Set {api_key_env} or pass api_key=...")
    options: dict[str, Any] = {"api_key": key, "base_url": base_url}
    renamed = {"default_headers": "headers"}
    options |= {renamed.get(k, k): v for k, v in connection.items() if v is not None}
    return cast("ConnectionOptions", options)


def with_rate_limit_timeout(client: ClientT, seconds: float) -> ClientT:
    """Return a copy of the client that waits up to ``seconds`` for rate limits."""
    settings = client.settings
    return type(client).from_settings(
        settings.replace(retry=replace(settings.retry, rate_limit_timeout=seconds))
    )


def create_client(config: ClientConfig, api_key: ApiKey) -> llmaas.AsyncLLMaaS:
    """Create the core's client of a configuration."""
    given = {name: getattr(config, name) for name in Connection.__annotations__}
    options = connection_options(
        api_key, config.api_key_env, config.base_url, **cast("Connection", given)
    )
    return with_rate_limit_timeout(llmaas.AsyncLLMaaS(**options), config.rate_limit_timeout)
