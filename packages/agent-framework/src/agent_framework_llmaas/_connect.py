"""The core's client from what a constructor was told."""

from __future__ import annotations

from typing import Any

from llmaas import AsyncLLMaaS


def connected(client: AsyncLLMaaS | None, *, api_key: Any, **connection: Any) -> AsyncLLMaaS:
    """Return the client given, or a new one; secrets of pydantic and the framework are opened."""
    if client is not None:
        return client
    secret = getattr(api_key, "get_secret_value", api_key)
    return AsyncLLMaaS(api_key=secret, **connection)
