"""Components for AutoGen and AutoGen Studio, built without importing a framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Unpack

from autogen_llmaas._version import __version__
from autogen_llmaas.memory_settings import MemorySettings
from autogen_llmaas.settings import REQUEST_FIELDS, ClientSettings, LLMaaSClientConfig
from llmaas import ConfigurationError, catalog
from llmaas.adapters import redact_options
from llmaas.model_names import ChatModelName, EmbeddingModelName
from llmaas.settings import Settings

NATIVE = "autogen_llmaas.client.LLMaaSChatCompletionClient"
PORTABLE = "autogen_ext.models.openai.OpenAIChatCompletionClient"
MEMORY = "autogen_llmaas.memory.LLMaaSMemory"
CHAT_CATEGORIES = ("chat", "code", "vision")
# Not in the stock client's configuration; stream_options makes its create() fail.
_NOT_PORTABLE = {
    *("conform", "fallbacks", "fresh", "reasoning", "retry_empty", "strict"),
    *("enable_thinking", "extra_body", "reasoning_effort", "stream_options"),
    *("api_key_env", "ca_bundle", "deadline", "profile", "rate_limit_timeout", "send_reasoning"),
}
_PORTABLE_SETTINGS = ("timeout", "max_retries", "default_headers", "add_name_prefixes")

Component = dict[str, Any]


def model_info(
    model: str,
    overrides: Mapping[str, Any] | None = None,
    profile: str | None = None,
) -> dict[str, Any]:
    """Build AutoGen's ``ModelInfo`` from the catalog; ``overrides`` takes precedence.

    ``profile`` is the path of what ``llmaas probe`` measured. Defaults to ``LLMAAS_PROFILE``.
    A model missing from the catalog is assumed to support tools but not vision. The family is
    "unknown" except for DeepSeek R1: with an OpenAI family some teams send other messages.
    """
    known = catalog.find_model(model, profile) or catalog.Model(id=model)
    is_r1 = known.id.startswith("deepseek-r1")
    return {
        "vision": bool(known.vision),
        "function_calling": known.tools is not False,
        "json_output": True,
        "structured_output": True,
        "family": "r1" if is_r1 else "unknown",
        "multiple_system_messages": False,
        **(overrides or {}),
    }


def native_component(model: ChatModelName, **settings: Unpack[ClientSettings]) -> Component:
    """Build a component of our client for ``ChatCompletionClient.load_component``.

    It holds the name of the key's environment variable, never the key.
    """
    config = LLMaaSClientConfig.create(model, settings, "native_component").without_secrets()
    return _component(NATIVE, "model", model, config.model_dump(exclude_none=True))


def portable_component(
    model: ChatModelName, *, api_key: str | None = None, **settings: Unpack[ClientSettings]
) -> Component:
    """Build a component of AutoGen's stock client, for use without this package.

    Without ``api_key`` it holds no key and the stock client reads ``OPENAI_API_KEY``: set that
    variable to the key of LLMaaS where the component is loaded. Raises ``ConfigurationError``
    for settings that the stock client does not support.
    """
    config = LLMaaSClientConfig.create(model, settings, "portable_component")
    _reject_non_portable(settings)
    stock: dict[str, Any] = {
        "model": model,
        "base_url": Settings.create(api_key="-", base_url=config.base_url).base_url,
        "model_info": model_info(model, config.model_info, config.profile),
        "max_tokens": config.max_tokens or catalog.max_output_default(model, config.profile),
        "include_name_in_message": config.include_name_in_message,
    }
    given = config.model_dump(exclude_unset=True)
    portable = [*REQUEST_FIELDS, *_PORTABLE_SETTINGS]
    stock |= {name: given[name] for name in portable if given.get(name) is not None}
    if api_key is not None:
        stock["api_key"] = api_key
    return _component(PORTABLE, "model", model, stock)


def embedding_component(
    model: EmbeddingModelName = "bge-m3:567m", **settings: Unpack[MemorySettings]
) -> Component:
    """Build a component of a semantic memory (``LLMaaSMemory``), without the key and passwords.

    Raises ``ConfigurationError`` for an unknown setting.
    """
    unknown = sorted(settings.keys() - MemorySettings.__annotations__.keys())
    if unknown:
        raise ConfigurationError(
            f"embedding_component() got an unexpected keyword argument {unknown[0]!r}"
        )
    return _component(MEMORY, "memory", model, {"model": model, **redact_options(settings)})


def gallery(
    models: Sequence[str] | None = None,
    *,
    portable: bool = False,
    **settings: Unpack[ClientSettings],
) -> dict[str, Any]:
    """Build a gallery for AutoGen Studio with one component per model, without keys.

    ``models`` defaults to all chat models that the service lists and supports.
    """
    make = portable_component if portable else native_component
    names = list(models) if models is not None else _offered_models()
    return {
        "id": "llmaas",
        "name": "LLMaaS",
        "url": None,
        "metadata": {
            "author": "LLMaaS",
            "version": __version__,
            "description": f"Models of LLMaaS, as listed on {_catalog_date()}.",
            "tags": ["llmaas", "cloud-temple"],
            "license": "Apache-2.0",
            "homepage": None,
            "category": "models",
            "last_synced": None,
        },
        "components": {
            "agents": [],
            "models": [make(name, **settings) for name in names],
            "tools": [],
            "terminations": [],
            "teams": [],
            "workbenches": [],
        },
    }


def as_yaml(component: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """Convert one or several components to YAML. Requires PyYAML."""
    import yaml

    plain = dict(component) if isinstance(component, Mapping) else list(map(dict, component))
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))


def _component(provider: str, kind: str, model: str, config: Mapping[str, Any]) -> Component:
    return {
        "provider": provider,
        "component_type": kind,
        "version": 1,
        "component_version": 1,
        "description": f"{model} of LLMaaS",
        "label": model,
        "config": dict(config),
    }


def _reject_non_portable(settings: Mapping[str, Any]) -> None:
    given = {name for name, value in settings.items() if value is not None}
    if rejected := sorted(given & _NOT_PORTABLE):
        raise ConfigurationError(
            f"{', '.join(rejected)}: not supported by the stock client. Use native_component."
        )


def _offered_models() -> list[str]:
    today = datetime.now(UTC).date()
    return sorted(model.id for model in catalog.all_models() if _is_offered(model, today))


def _is_offered(model: catalog.Model, today: date) -> bool:
    return model.live and model.category in CHAT_CATEGORIES and model.supported_on(today)


def _catalog_date() -> str:
    return catalog.about()["observed_at"][:10]
