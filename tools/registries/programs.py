"""Configurations of programs: AutoGen Studio, Continue, opencode and aider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from llmaas.catalog import Model, max_output_default
from tools.registries.facts import BASE_URL, KEY, NAME, SLUG, Facts, display_name, get_context
from tools.registries.gateways import litellm_model, to_json

EDITOR_MODEL = "qwen3.6:35b"
"""Default of the editors: the newest code model with tools and a large context."""


def autogen_studio(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield a gallery for AutoGen Studio, with a component per chat model."""
    from autogen_llmaas import gallery

    names = [model.id for model in facts.chat if model.category != "safety"]
    yield "autogen-studio/gallery.json", to_json(gallery(names))


def continue_dev(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield a config.yaml of Continue (schema: @continuedev/config-yaml)."""
    models = [continue_model(m, ["chat", "edit", "apply"]) for m in facts.chat if m.tools]
    models += [continue_model(model, ["embed"]) for model in facts.select_category("embedding")]
    config = {"name": NAME, "version": "1.0.0", "schema": "v1", "models": models}
    yield "continue/config.yaml", yaml.safe_dump(config, sort_keys=False)


def continue_model(model: Model, roles: list[str]) -> dict[str, Any]:
    """Describe one model for Continue."""
    flags = {"tool_use": model.tools, "image_input": model.vision}
    capabilities = [name for name, value in flags.items() if value]
    described: dict[str, Any] = {
        "name": display_name(model),
        "provider": "openai",
        "model": model.id,
        "apiBase": BASE_URL,
        "apiKey": f"${{{{ secrets.{KEY} }}}}",
        "roles": roles,
    }
    if "chat" in roles:
        described["capabilities"] = capabilities
        described["defaultCompletionOptions"] = {
            "contextLength": get_context(model),
            "maxTokens": max_output_default(model.id),
        }
    return described


def opencode(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield an opencode.json (schema: https://opencode.ai/config.json)."""
    models = {
        model.id: {
            "name": display_name(model),
            "attachment": bool(model.vision),
            "reasoning": bool(model.reasoning),
            "tool_call": True,
            "limit": {"context": get_context(model), "output": max_output_default(model.id)},
        }
        for model in facts.chat
        if model.tools
    }
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": NAME,
        "options": {"baseURL": BASE_URL, "apiKey": f"{{env:{KEY}}}"},
        "models": models,
    }
    config = {
        "$schema": "https://opencode.ai/config.json",
        "model": f"{SLUG}/{EDITOR_MODEL}",
        "provider": {SLUG: provider},
    }
    yield "opencode/opencode.json", to_json(config)


def aider(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield aider's configuration, model settings and model metadata; ``openai/`` is its route."""
    models = [model for model in facts.chat if model.category in ("chat", "code")]
    metadata = {
        f"openai/{model.id}": litellm_model(facts, model) | {"litellm_provider": "openai"}
        for model in models
    }
    settings = [
        {
            "name": f"openai/{model.id}",
            "edit_format": "diff",
            "use_repo_map": True,
            "extra_params": {"max_tokens": max_output_default(model.id)},
        }
        for model in models
    ]
    config = {"model": f"openai/{EDITOR_MODEL}", "openai-api-base": BASE_URL}
    header = f"# The key: set OPENAI_API_KEY to the value of {KEY}.\n"
    yield "aider/.aider.conf.yml", header + yaml.safe_dump(config, sort_keys=False)
    yield "aider/.aider.model.settings.yml", yaml.safe_dump(settings, sort_keys=False)
    yield "aider/.aider.model.metadata.json", to_json(metadata)
