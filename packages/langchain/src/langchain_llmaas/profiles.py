"""LangChain's model profiles, made from the catalog of the core: nothing to keep in step."""

from __future__ import annotations

from typing import Any, cast, get_type_hints

from langchain_core.language_models import ModelProfile

from llmaas import catalog

_CHAT_CATEGORIES = frozenset({"chat", "code", "vision", "translation", "safety", "ocr"})
_STATUS = {"production": "active", "deprecated": "deprecated"}
_KNOWN_KEYS = frozenset(get_type_hints(ModelProfile))  # LangChain warns about keys that it lacks


def get_profile(name: str) -> ModelProfile | None:
    """Return what the model that answers to ``name`` can do, or None if it is unknown.

    ``structured_output`` is left out on purpose: nobody has shown that the service enforces
    schemas, and agents that believe so would drop their tools for it.
    """
    model = catalog.resolve(name).model
    return (
        None if model is None or model.category not in _CHAT_CATEGORIES else _build_profile(model)
    )


def all_profiles() -> dict[str, ModelProfile]:
    """Return the profile of every chat model of the catalog."""
    found = {model.id: get_profile(model.id) for model in catalog.all_models()}
    return {name: profile for name, profile in found.items() if profile is not None}


def _build_profile(model: catalog.Model) -> ModelProfile:
    output = catalog.max_output_default(model.id)
    facts: dict[str, Any] = {
        "name": model.id,
        "status": _STATUS.get(model.phase),
        "release_date": model.released and model.released.isoformat(),
        "open_weights": model.licence is not None or None,
        "max_input_tokens": model.context and model.context - output,  # leaves room to answer
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
        "tool_calling": model.tools,
        "tool_choice": model.tools,
        "tool_call_streaming": model.tools,
        "temperature": True,
    }
    known = {key: fact for key, fact in facts.items() if key in _KNOWN_KEYS and fact is not None}
    return cast("ModelProfile", known)
