"""The core's client from what a constructor was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from llmaas import AsyncLLMaaS, Timeout
from llmaas.local_files import MAX_FILE_BYTES


def connected(
    client: AsyncLLMaaS | None, *, api_key: Any = None, timeout: Any = None, **connection: Any
) -> AsyncLLMaaS:
    """Return the client given, or a new one; secrets of pydantic and the framework are opened."""
    if client is not None:
        return client
    secret = getattr(api_key, "get_secret_value", api_key)
    patience = Timeout(**timeout) if isinstance(timeout, Mapping) else timeout
    try:
        return AsyncLLMaaS(api_key=secret, timeout=patience, **connection)
    except Exception as error:
        from agent_framework_llmaas._errors import framework_error

        raise framework_error(error) from error.__cause__


def plain_connection(client: AsyncLLMaaS, exclude: set[str] | None) -> dict[str, Any]:
    """Return what ``connected`` takes, as plain values; never a key, a proxy or a header."""
    settings, left_out = client.settings, exclude or ()
    values = {
        "timeout": asdict(settings.timeout),
        "max_retries": settings.retry.max_retries,
        "deadline": settings.deadline,
        "ca_bundle": settings.ca_bundle,
        "fallbacks": list(settings.fallbacks) or None,
        "retry_empty": settings.retry_empty or None,
        "conform": None if settings.conform else False,
        "strict": settings.strict or None,
        "max_file_bytes": _unless_default(settings.max_file_bytes),
    }
    return {
        name: value for name, value in values.items() if not (value is None or name in left_out)
    }


def _unless_default(max_file_bytes: int) -> int | None:
    return None if max_file_bytes == MAX_FILE_BYTES else max_file_bytes
