"""Core clients built from constructor arguments."""

from __future__ import annotations

import os
from typing import Any

import llmaas
from agent_framework_llmaas.errors import translate_errors

CHAT_MODEL_VARIABLE = "LLMAAS_CHAT_MODEL"
EMBEDDING_MODEL_VARIABLE = "LLMAAS_EMBEDDING_MODEL"


def default_model(model: str | None, variable: str) -> str | None:
    """Return ``model``, or the value of an environment variable."""
    return model or os.environ.get(variable) or None


def create_client(
    client: llmaas.AsyncLLMaaS | None, *, api_key: Any = None, **connection: Any
) -> llmaas.AsyncLLMaaS:
    """Return ``client`` or create one. ``api_key`` may be a ``SecretStr`` or ``SecretString``."""
    if client is not None:
        return client
    secret = getattr(api_key, "get_secret_value", api_key)
    with translate_errors:
        return llmaas.AsyncLLMaaS(api_key=secret, **connection)


def connection_to_dict(client: llmaas.AsyncLLMaaS, exclude: set[str] | None) -> dict[str, Any]:
    """Return the connection settings as plain values; never a key, a proxy or a header."""
    public = client.settings.to_public_dict()
    return {name: value for name, value in public.items() if name not in (exclude or ())}
