"""The core's client from what a constructor was told."""

from __future__ import annotations

from typing import Any

from agent_framework_llmaas.errors import translate_errors
from llmaas import AsyncLLMaaS


def connected(client: AsyncLLMaaS | None, *, api_key: Any = None, **connection: Any) -> AsyncLLMaaS:
    """Return the client given, or a new one; secrets of pydantic and the framework are opened."""
    if client is not None:
        return client
    secret = getattr(api_key, "get_secret_value", api_key)
    with translate_errors:
        return AsyncLLMaaS(api_key=secret, **connection)


def plain_connection(client: AsyncLLMaaS, exclude: set[str] | None) -> dict[str, Any]:
    """Return what ``connected`` takes, as plain values; never a key, a proxy or a header."""
    public = client.settings.to_public_dict()
    return {name: value for name, value in public.items() if name not in (exclude or ())}
