"""``config_list`` and ``llm_config`` for AutoGen 0.2 and AG2: plain dicts, no framework needed.

Entries hold what pyautogen 0.2 and 0.9 and autogen 0.14 all accept, and nothing else: what
only the service knows (reasoning effort, thinking) goes in ``extra_body``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from autogen_llmaas.settings import SECRET_HEADERS
from llmaas import ConfigurationError, MissingAPIKeyError, catalog
from llmaas.pricing import tariff
from llmaas.settings import KEY_VARIABLE, APIKey, Settings

DEFAULT_MODEL = "gpt-oss:120b"
TRAITS = ("tools", "vision", "reasoning")
HOTTEST = 2.0

Entry = dict[str, Any]


class EntryOptions(TypedDict, total=False):
    """What an entry may hold beside model, key and address. None leaves a value out."""

    api_key: str | None
    base_url: str | None
    tags: Sequence[str] | None
    max_tokens: int | None
    temperature: float | None
    """0 to 2. Travels in ``extra_body``: AG2 0.9 takes none in an entry, others 1 at most."""
    top_p: float | None
    default_headers: Mapping[str, str] | None
    extra_body: Mapping[str, Any] | None
    reasoning_effort: str | None
    """Travels in ``extra_body``: AG2 0.9 does not know its values."""


def entry(model: str = DEFAULT_MODEL, **options: Unpack[EntryOptions]) -> Entry:
    """Return one entry; prices are EUR per 1,000 tokens, though AutoGen prints a dollar sign.

    The key is ``api_key`` or ``LLMAAS_API_KEY``; ``MissingAPIKeyError`` without one, since
    AutoGen would send ``OPENAI_API_KEY`` instead. ``ConfigurationError`` for what some branch
    of the family refuses.
    """
    _check(options)
    max_tokens = options.get("max_tokens")
    made: Entry = {
        "model": model,
        "api_key": _key(options.get("api_key")),
        "base_url": Settings.create(api_key="-", base_url=options.get("base_url")).base_url,
        "api_type": "openai",
        "price": _prices(),
        "tags": list(options.get("tags") or _tags(model)),
        "max_tokens": catalog.max_output_default(model) if max_tokens is None else max_tokens,
        "extra_body": _extra_body(options),
    }
    made["top_p"] = options.get("top_p")
    made["default_headers"] = _headers(options.get("default_headers"))
    return {name: value for name, value in made.items() if value is not None}


def config_list(*models: str, **options: Unpack[EntryOptions]) -> list[Entry]:
    """Return one entry per model (``gpt-oss:120b`` unless said): AutoGen tries them in order."""
    return [entry(model, **options) for model in models or (DEFAULT_MODEL,)]


def llm_config(
    *models: str, cache_seed: int | None = None, **options: Unpack[EntryOptions]
) -> dict[str, Any]:
    """Return what an agent's ``llm_config`` takes. Nothing is cached unless a seed is given."""
    return {"config_list": config_list(*models, **options), "cache_seed": cache_seed}


def _check(options: Mapping[str, Any]) -> None:
    if unknown := sorted(set(options) - set(EntryOptions.__annotations__)):
        raise ConfigurationError(
            f"{', '.join(unknown)}: not every branch of AutoGen takes this in an entry; "
            "parameters of the model go in extra_body"
        )
    temperature = options.get("temperature")
    if temperature is not None and not 0 <= temperature <= HOTTEST:
        raise ConfigurationError(f"temperature must be 0 to {HOTTEST:g}, not {temperature}")


def _key(told: str | None) -> str:
    key = told or os.environ.get(KEY_VARIABLE)
    if not key:
        raise MissingAPIKeyError(f"No API key. Set {KEY_VARIABLE} or pass api_key=...")
    return str(APIKey(key).get())


def _prices() -> list[float]:
    prices = tariff()
    return [prices.prompt / 1_000_000, prices.completion / 1_000_000]


def _tags(model: str) -> list[str]:
    known = catalog.resolve(model).model
    return ["llmaas", model, *(trait for trait in TRAITS if known and getattr(known, trait))]


def _extra_body(options: Mapping[str, Any]) -> dict[str, Any] | None:
    told = {name: options.get(name) for name in ("temperature", "reasoning_effort")}
    body = {name: value for name, value in told.items() if value is not None}
    return {**body, **(options.get("extra_body") or {})} or None


def _headers(headers: Mapping[str, str] | None) -> dict[str, str] | None:
    if secret := sorted(name for name in headers or {} if name.lower() in SECRET_HEADERS):
        raise ConfigurationError(f"{', '.join(secret)}: give the key as api_key")
    return dict(headers) if headers else None
