"""LangChain model profiles, derived from the core's catalog."""

from __future__ import annotations

from typing import Any, cast, get_type_hints

from langchain_core.language_models import ModelProfile

from llmaas import catalog
from llmaas.catalog import Profile

_CHAT_CATEGORIES = frozenset({"chat", "code", "vision", "translation", "safety", "ocr"})
_STATUS = {"production": "active", "deprecated": "deprecated"}
_KNOWN_KEYS = frozenset(get_type_hints(ModelProfile))  # LangChain warns about other keys


def get_profile(name: str, service_profile: Profile | str | None = None) -> ModelProfile | None:
    """Build the profile of a model, or return None for unknown models.

    ``service_profile`` is what ``llmaas probe`` measured, which overrides the catalog.
    ``structured_output`` is omitted on purpose: the service is not known to enforce schemas,
    and agents that rely on it would drop their tools.
    """
    model = catalog.find_model(name, service_profile)
    if model is None or model.category not in _CHAT_CATEGORIES:
        return None
    return _build_profile(model, service_profile)


def all_profiles() -> dict[str, ModelProfile]:
    """Build the profiles of all chat models in the catalog."""
    profiles = {model.id: get_profile(model.id) for model in catalog.all_models()}
    return {name: profile for name, profile in profiles.items() if profile is not None}


def _build_profile(model: catalog.Model, service_profile: Profile | str | None) -> ModelProfile:
    output = catalog.max_output_default(model.id, service_profile)
    efforts, default_effort = catalog.reasoning_efforts(model.id, service_profile)
    fields: dict[str, Any] = {
        "name": model.id,
        "status": _STATUS.get(model.phase),
        "release_date": model.released and model.released.isoformat(),
        "open_weights": model.licence is not None or None,
        "max_input_tokens": model.context and model.context - output,  # reserves the output
        "max_output_tokens": model.context and output,
        "text_inputs": True,
        "image_inputs": model.vision,
        "image_url_inputs": model.vision,
        "image_tool_message": model.vision,
        "pdf_inputs": False,
        "audio_inputs": False,
        "video_inputs": False,
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "reasoning_output": model.reasoning,
        "reasoning_effort_levels": [*efforts] or None,
        "reasoning_effort_default": default_effort,
        "tool_calling": model.tools,
        "tool_choice": model.tools,
        "tool_call_streaming": model.tools,
        "temperature": True,
    }
    profile = {
        key: value for key, value in fields.items() if key in _KNOWN_KEYS and value is not None
    }
    return cast("ModelProfile", profile)
