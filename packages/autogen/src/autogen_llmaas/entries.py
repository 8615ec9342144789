"""``config_list`` and ``llm_config`` of AutoGen 0.2 and AG2 as plain dicts.

Entries hold only what pyautogen 0.2, pyautogen 0.9 and autogen 0.14 all accept. Parameters of
the service (reasoning effort, thinking) go in ``extra_body``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from autogen_llmaas.settings import SECRET_HEADERS
from llmaas import ConfigurationError, MissingAPIKeyError, catalog
from llmaas.model_names import ChatModelName
from llmaas.pricing import tariff
from llmaas.settings import KEY_VARIABLE, APIKey, Settings

DEFAULT_MODEL = "gpt-oss:120b"
TRAITS = ("tools", "vision", "reasoning")
MAX_TEMPERATURE = 2.0

Entry = dict[str, Any]


class EntryOptions(TypedDict, total=False):
    """Options of an entry; None omits a value."""

    api_key: str | None
    base_url: str | None
    tags: Sequence[str] | None
    max_tokens: int | None
    temperature: float | None
    """0 to 2. Sent in ``extra_body``: AG2 0.9 rejects it in an entry, others values over 1."""
    top_p: float | None
    default_headers: Mapping[str, str] | None
    extra_body: Mapping[str, Any] | None
    reasoning_effort: str | None
    """Sent in ``extra_body``: AG2 0.9 rejects its values."""


def entry(model: ChatModelName = DEFAULT_MODEL, **options: Unpack[EntryOptions]) -> Entry:
    """Build an entry. Prices are EUR per 1,000 tokens, although AutoGen prints a dollar sign.

    ``api_key`` defaults to ``LLMAAS_API_KEY``. Raises ``MissingAPIKeyError`` without a key,
    because AutoGen would send ``OPENAI_API_KEY`` instead, and ``ConfigurationError`` for options
    that an AutoGen variant rejects.
    """
    _validate_options(options)
    max_tokens = options.get("max_tokens")
    fields: Entry = {
        "model": model,
        "api_key": _read_key(options.get("api_key")),
        "base_url": Settings.create(api_key="-", base_url=options.get("base_url")).base_url,
        "api_type": "openai",
        "price": _prices(),
        "tags": list(options.get("tags") or _default_tags(model)),
        "max_tokens": catalog.max_output_default(model) if max_tokens is None else max_tokens,
        "extra_body": _extra_body(options),
    }
    fields["top_p"] = options.get("top_p")
    fields["default_headers"] = _headers(options.get("default_headers"))
    return {name: value for name, value in fields.items() if value is not None}


def config_list(*models: str, **options: Unpack[EntryOptions]) -> list[Entry]:
    """Build one entry per model, which AutoGen tries in order. Defaults to ``gpt-oss:120b``."""
    return [entry(model, **options) for model in models or (DEFAULT_MODEL,)]


def llm_config(
    *models: str, cache_seed: int | None = None, **options: Unpack[EntryOptions]
) -> dict[str, Any]:
    """Build an agent's ``llm_config``. Answers are cached only if ``cache_seed`` is set."""
    return {"config_list": config_list(*models, **options), "cache_seed": cache_seed}


def _validate_options(options: Mapping[str, Any]) -> None:
    if unknown := sorted(set(options) - set(EntryOptions.__annotations__)):
        raise ConfigurationError(
            f"{', '.join(unknown)}: not supported in an entry by every AutoGen variant. "
            "Pass model parameters in extra_body."
        )
    temperature = options.get("temperature")
    if temperature is not None and not 0 <= temperature <= MAX_TEMPERATURE:
        raise ConfigurationError(
            f"temperature must be in 0 to {MAX_TEMPERATURE:g}, got {temperature}."
        )


def _read_key(api_key: str | None) -> str:
    key = api_key or os.environ.get(KEY_VARIABLE)
    if not key:
        raise MissingAPIKeyError(f"No API key. Set {KEY_VARIABLE} or pass api_key=...")
    return str(APIKey(key).get())


def _prices() -> list[float]:
    prices = tariff()
    return [prices.prompt / 1_000_000, prices.completion / 1_000_000]


def _default_tags(model: str) -> list[str]:
    known = catalog.find_model(model)
    traits = [trait for trait in TRAITS if known and getattr(known, trait)]
    return ["llmaas", model, *traits]


def _extra_body(options: Mapping[str, Any]) -> dict[str, Any] | None:
    given = {name: options.get(name) for name in ("temperature", "reasoning_effort")}
    body = {name: value for name, value in given.items() if value is not None}
    return {**body, **(options.get("extra_body") or {})} or None


def _headers(headers: Mapping[str, str] | None) -> dict[str, str] | None:
    if secret := sorted(name for name in headers or {} if name.lower() in SECRET_HEADERS):
        raise ConfigurationError(
            f"{', '.join(secret)} must not be in default_headers. Pass the key as api_key."
        )
    return dict(headers) if headers else None
