"""The one seam to the core: a client made of a configuration, when it is first needed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypedDict, TypeVar

from autogen_llmaas.settings import LLMaaSClientConfig
from llmaas import AsyncLLMaaS, LLMaaS, MissingAPIKeyError

ApiKey = str | Callable[[], Any] | None

Core = TypeVar("Core", LLMaaS, AsyncLLMaaS)


class Way(TypedDict):
    """Key and address, as the core's clients take them."""

    api_key: str | Callable[[], Any]
    base_url: str | None


def way(api_key: ApiKey, api_key_env: str, base_url: str | None) -> Way:
    """Return key and address for the core; ``MissingAPIKeyError`` names the variable to set.

    The key is read from its own variable and no other, each time a client is made.
    """
    key = api_key or os.environ.get(api_key_env)
    if not key:
        raise MissingAPIKeyError(f"No API key. Set {api_key_env} or pass api_key=...")
    return {"api_key": key, "base_url": base_url}


def patient(client: Core, seconds: float) -> Core:
    """Return the client with patience for rate limits."""
    settings = client.settings
    return type(client).from_settings(
        settings.replace(retry=replace(settings.retry, rate_limit_timeout=seconds))
    )


def open_core(config: LLMaaSClientConfig, api_key: ApiKey) -> AsyncLLMaaS:
    """Return the core's client for a configuration."""
    client = AsyncLLMaaS(
        **way(api_key, config.api_key_env, config.base_url),
        timeout=config.timeout,
        max_retries=config.max_retries,
        deadline=config.deadline,
        ca_bundle=config.ca_bundle,
        proxy=config.proxy,
        headers=config.default_headers,
    )
    return patient(client, config.rate_limit_timeout)
