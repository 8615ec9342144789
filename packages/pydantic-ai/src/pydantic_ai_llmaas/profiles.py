"""Pydantic AI model profiles from the model catalog."""

from __future__ import annotations

from pydantic_ai.profiles import ModelProfile

from llmaas import catalog

_CHAT = frozenset({"chat", "code", "vision", "translation", "safety", "ocr"})


def model_profile(
    model_name: str, service_profile: catalog.Profile | str | None = None
) -> ModelProfile | None:
    """Build the profile of the model behind a name, or return None for an unknown name.

    ``service_profile`` is what ``llmaas probe`` measured, which overrides the catalog. Defaults
    to ``LLMAAS_PROFILE``.
    ``supports_json_schema_output`` is always true: the client sends the schema to the engine,
    describes it in words and requests one correction of an invalid answer.
    """
    model = catalog.find_model(model_name, service_profile)
    return None if model is None or model.category not in _CHAT else _build_profile(model)


def all_profiles() -> dict[str, ModelProfile]:
    """Build the profiles of all chat models in the catalog, by model name."""
    found = {model.id: model_profile(model.id) for model in catalog.all_models()}
    return {name: profile for name, profile in found.items() if profile is not None}


def default_profile() -> ModelProfile:
    """Build the profile that applies to every model, also one that the catalog lacks."""
    return ModelProfile(
        supports_json_schema_output=True,
        supports_json_object_output=True,
        supports_inline_system_prompts=True,  # the client moves them if a template forbids them
        supports_thinking=True,
        supports_document_input=False,
        context_window=None,
    )


def _build_profile(model: catalog.Model) -> ModelProfile:
    profile = default_profile()
    profile["context_window"] = model.context
    profile["supports_thinking"] = model.reasoning is not False
    profile["thinking_enabled_by_default"] = bool(model.reasoning)
    profile["supports_tools"] = model.tools is not False
    if model.tools is not None:  # explicit, because a measured profile is laid over the catalog's
        profile["default_structured_output_mode"] = "tool" if model.tools else "native"
    if model.vision is not None:
        profile["supports_image_input"] = model.vision
    if model.vision is False:
        profile["supports_video_input"] = False
    return profile
