"""Rows of gateways and price lists: models.dev, LiteLLM, any-llm and genai-prices."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from llmaas.catalog import Model
from tools.registries.facts import (
    BASE_URL,
    DOCUMENTATION,
    KEY,
    NAME,
    SLUG,
    URL_VARIABLE,
    Facts,
    display_name,
    get_context,
)

NO_RATE = "prices in EUR; generate with --usd-per-eur to add them"


def models_dev(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the TOML files of models.dev: a provider, and one file per chat model.

    Format: README and packages/core/src/schema.ts of anomalyco/models.dev.
    """
    provider = {
        "name": NAME,
        "npm": "@ai-sdk/openai-compatible",
        "api": BASE_URL,
        "env": [KEY],
        "doc": DOCUMENTATION,
    }
    yield f"models.dev/providers/{SLUG}/provider.toml", to_toml(provider)
    for model in facts.chat:
        path = f"models.dev/providers/{SLUG}/models/{model.id}.toml"
        yield path, to_toml(models_dev_model(facts, model))


def models_dev_model(facts: Facts, model: Model) -> dict[str, Any]:
    """Describe one model for models.dev."""
    released = model.released.isoformat() if model.released else facts.updated
    described: dict[str, Any] = {
        "name": display_name(model),
        "attachment": bool(model.vision),
        "reasoning": bool(model.reasoning),
        "tool_call": bool(model.tools),
        "temperature": True,
        "release_date": released,
        "last_updated": facts.updated,
        "open_weights": True,
    }
    if prices := facts.usd_per_million(model):
        described["cost"] = {"input": prices[0], "output": prices[1]}
    described["limit"] = {"context": get_context(model), "output": get_context(model)}
    inputs = ["text", "image"] if model.vision else ["text"]
    described["modalities"] = {"input": inputs, "output": ["text"]}
    return described


def to_toml(table: Mapping[str, Any]) -> str:
    """Write a table whose subtables come last."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items() if not is_table(value)]
    for key, value in table.items():
        if is_table(value):
            lines += ["", f"[{key}]", *(f"{k} = {json.dumps(v)}" for k, v in value.items())]
    return "\n".join(lines) + "\n"


def is_table(value: Any) -> bool:
    """Whether a value is written as a table of its own."""
    return isinstance(value, Mapping)


def litellm(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield LiteLLM's provider and price map.

    Formats: litellm/llms/openai_like/providers.json and model_prices_and_context_window.json.
    """
    provider = {
        SLUG: {
            "base_url": BASE_URL,
            "api_key_env": KEY,
            "api_base_env": URL_VARIABLE,
            "param_mappings": {"max_completion_tokens": "max_tokens"},
            "supported_endpoints": ["/v1/chat/completions", "/v1/embeddings"],
        }
    }
    prices = {f"{SLUG}/{model.id}": litellm_model(facts, model) for model in facts.chat}
    for model in facts.select_category("embedding"):
        prices[f"{SLUG}/{model.id}"] = litellm_model(facts, model)
    yield "litellm/providers.json", to_json(provider)
    yield "litellm/model_prices.json", to_json(prices)


def litellm_model(facts: Facts, model: Model) -> dict[str, Any]:
    """Describe one model for LiteLLM; tokens have the price of one, in USD."""
    embeds = model.category == "embedding"
    described: dict[str, Any] = {
        "litellm_provider": SLUG,
        "mode": "embedding" if embeds else "chat",
        "max_input_tokens": get_context(model),
        "source": DOCUMENTATION,
    }
    if prices := facts.usd_per_million(model):
        described["input_cost_per_token"] = round(prices[0] / 1e6, 12)
        described["output_cost_per_token"] = round(prices[1] / 1e6, 12)
    if embeds:
        return described | ({"output_vector_size": model.dimensions} if model.dimensions else {})
    flags = {"function_calling": model.tools, "vision": model.vision, "reasoning": model.reasoning}
    supported = {f"supports_{name}": True for name, value in flags.items() if value}
    window = get_context(model)
    return described | {"max_output_tokens": window, "max_tokens": window} | supported


def any_llm(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the row of any-llm's registry: src/any_llm/providers/registry.py."""
    yield (
        "any-llm/registry_row.py",
        f'''"{SLUG}": OpenAICompatibleProviderConfig(
    name="{SLUG}",
    api_base="{BASE_URL}",
    env_api_key_name="{KEY}",
    env_api_base_name="{URL_VARIABLE}",
    provider_documentation_url="{DOCUMENTATION}",
    supports_completion_reasoning={any(model.reasoning for model in facts.chat)},
    supports_completion_image={any(model.vision for model in facts.chat)},
    supports_embedding={bool(facts.select_category("embedding"))},
),
''',
    )


def genai_prices(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the provider of genai-prices (prices/providers/*.yml), if prices in USD are known."""
    if facts.usd_per_eur is None:
        return
    models = [*facts.chat, *facts.select_category("embedding")]
    provider = {
        "id": SLUG,
        "name": NAME,
        "pricing_urls": [DOCUMENTATION],
        "api_pattern": re.escape(BASE_URL.removesuffix("/v1")),
        "price_comments": f"Prices are in EUR, converted at {facts.usd_per_eur} USD.",
        "extractors": [extractor()],
        "models": [genai_prices_model(facts, model) for model in models],
    }
    yield f"genai-prices/providers/{SLUG}.yml", yaml.safe_dump(provider, sort_keys=False)


def extractor() -> dict[str, Any]:
    """Describe where a response states its usage."""
    mappings = [
        {"path": "prompt_tokens", "dest": "input_tokens", "required": True},
        {"path": "completion_tokens", "dest": "output_tokens", "required": False},
    ]
    return {"api_flavor": "chat", "root": "usage", "model_path": "model", "mappings": mappings}


def genai_prices_model(facts: Facts, model: Model) -> dict[str, Any]:
    """Describe one model for genai-prices."""
    prices = facts.usd_per_million(model)
    assert prices is not None
    per_million = {"input_mtok": prices[0], "output_mtok": prices[1]}
    return {
        "id": model.id,
        "name": display_name(model),
        "match": {"equals": model.id.lower()},
        **({"context_window": model.context} if model.context else {}),
        "prices": {name: price for name, price in per_million.items() if price},
    }


def to_json(value: Any) -> str:
    """Write JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
