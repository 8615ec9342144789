"""Components as AutoGen and AutoGen Studio load them, made without any framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Unpack

from autogen_llmaas._version import __version__
from autogen_llmaas.settings import REQUEST_FIELDS, ClientSettings, LLMaaSClientConfig
from llmaas import ConfigurationError, catalog
from llmaas.catalog import Model
from llmaas.settings import Settings

NATIVE = "autogen_llmaas.client.LLMaaSChatCompletionClient"
PORTABLE = "autogen_ext.models.openai.OpenAIChatCompletionClient"
MEMORY = "autogen_llmaas.memory.LLMaaSMemory"
CHATTING = ("chat", "code", "vision")
# Not in the stock client's configuration, or (stream_options) fatal there for its create().
_NOT_PORTABLE = {
    *("conform", "fallbacks", "fresh", "reasoning", "retry_empty", "strict"),
    *("enable_thinking", "extra_body", "reasoning_effort", "stream_options"),
    *("api_key_env", "ca_bundle", "deadline", "rate_limit_timeout", "send_reasoning"),
}
_PORTABLE_SETTINGS = ("timeout", "max_retries", "default_headers", "add_name_prefixes")

Component = dict[str, Any]


def model_info(model: str, told: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return AutoGen's description of a model from the catalog; ``told`` goes before it.

    A model that the catalog does not know is taken to call tools and not to see. The family
    is "unknown" save for DeepSeek R1: an OpenAI family changes what some teams send.
    """
    known = catalog.resolve(model).model or Model(id=model)
    is_r1 = known.id.startswith("deepseek-r1")
    return {
        "vision": bool(known.vision),
        "function_calling": known.tools is not False,
        "json_output": True,
        "structured_output": True,
        "family": "r1" if is_r1 else "unknown",
        "multiple_system_messages": False,
        **(told or {}),
    }


def native_component(model: str, **settings: Unpack[ClientSettings]) -> Component:
    """Return the component of our client, as ``ChatCompletionClient.load_component`` takes it.

    It holds the name of the key's variable, never the key.
    """
    config = LLMaaSClientConfig.of(model, settings).without_secrets()
    return _component(NATIVE, "model", model, config.model_dump(exclude_none=True))


def portable_component(
    model: str, *, api_key: str | None = None, **settings: Unpack[ClientSettings]
) -> Component:
    """Return a component of AutoGen's stock client, for where this package is not installed.

    Without ``api_key`` it holds no key: the stock client then takes ``OPENAI_API_KEY`` where
    it is loaded, so set that to the key of LLMaaS there, and only there.
    """
    config = LLMaaSClientConfig.of(model, settings)
    _refuse_what_is_not_portable(settings)
    stock: dict[str, Any] = {
        "model": model,
        "base_url": Settings.create(api_key="-", base_url=config.base_url).base_url,
        "model_info": model_info(model, config.model_info),
        "max_tokens": config.max_tokens or catalog.max_output_default(model),
        "include_name_in_message": config.include_name_in_message,
    }
    told = config.model_dump(exclude_unset=True)
    portable = [*REQUEST_FIELDS, *_PORTABLE_SETTINGS]
    stock |= {name: told[name] for name in portable if told.get(name) is not None}
    if api_key is not None:
        stock["api_key"] = api_key
    return _component(PORTABLE, "model", model, stock)


def embedding_component(model: str = "bge-m3:567m", **settings: Any) -> Component:
    """Return the component of a memory that finds by meaning (``LLMaaSMemory``)."""
    return _component(MEMORY, "memory", model, {"model": model, **settings})


def gallery(
    models: Sequence[str] | None = None,
    *,
    portable: bool = False,
    **settings: Unpack[ClientSettings],
) -> dict[str, Any]:
    """Return a gallery for AutoGen Studio: a model component for each model, no keys.

    By default all chat models that the service lists and still supports.
    """
    make = portable_component if portable else native_component
    names = list(models) if models is not None else _served()
    return {
        "id": "llmaas",
        "name": "LLMaaS",
        "url": None,
        "metadata": {
            "author": "LLMaaS",
            "version": __version__,
            "description": f"Models of LLMaaS, as listed on {_listed_on()}.",
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
    """Return a component, or several, as YAML; needs PyYAML, which autogen-core does not bring."""
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


def _refuse_what_is_not_portable(settings: Mapping[str, Any]) -> None:
    told = {name for name, value in settings.items() if value is not None}
    if left := sorted(told & _NOT_PORTABLE):
        raise ConfigurationError(
            f"the stock client's component cannot hold {', '.join(left)}: use native_component"
        )


def _served() -> list[str]:
    today = datetime.now(UTC).date()
    return sorted(model.id for model in catalog.all_models() if _is_offered(model, today))


def _is_offered(model: Model, today: date) -> bool:
    return model.live and model.category in CHATTING and model.supported_on(today)


def _listed_on() -> str:
    return catalog.about()["observed_at"][:10]
