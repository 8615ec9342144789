"""Clients of framework objects with mutable fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import llmaas  # whose clients are imported when they are created


@dataclass(frozen=True, slots=True)
class ClientPair:
    """Sync and async client of one configuration."""

    options: Mapping[str, Any] = field(repr=False)
    sync_client: llmaas.LLMaaS
    async_client: llmaas.AsyncLLMaaS


def open_clients(current: ClientPair | None, **options: Any) -> ClientPair:
    """Create the clients of the given options, or return ``current`` if its options are equal.

    ``options`` are arguments of ``LLMaaS``; ``api_key`` may be a secret of pydantic. Raises
    ``ConfigurationError`` for invalid options. No request is sent.
    """
    if current is not None and current.options == options:
        return current
    client = llmaas.LLMaaS(**{**options, "api_key": _reveal(options.get("api_key"))})
    return ClientPair(options, client, llmaas.AsyncLLMaaS.from_settings(client.settings))


def _reveal(api_key: Any) -> Any:
    reveal = getattr(api_key, "get_secret_value", None)
    return api_key if reveal is None else reveal()
