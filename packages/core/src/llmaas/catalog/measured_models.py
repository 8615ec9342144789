"""Models of the catalog with what a profile says about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from llmaas.catalog.facts import find_measured
from llmaas.catalog.model import Model
from llmaas.catalog.model_facts import ModelProfile
from llmaas.catalog.profile_loading import ProfileOption, load_profile


def read_measured(name: str, profile: ProfileOption) -> ModelProfile | None:
    """Find what a profile says about the model that answers to ``name``."""
    return find_measured(name, load_profile(profile))


def overlay(model: Model, measured: ModelProfile) -> Model:
    """Return a model with the measured facts instead of the catalog's."""
    is_documented = model.publisher is not None  # the catalog's categories are finer
    facts: dict[str, Any] = {
        "live_context_tokens": measured.context_window,
        "category": None if is_documented else measured.category,
        "tools": measured.tools,
        "vision": measured.vision,
        "reasoning": _reasons(measured),
        "dimensions": measured.embedding_dimensions,
        "shortens": measured.accepts_dimensions,
    }
    return replace(model, **{name: value for name, value in facts.items() if value is not None})


def _reasons(measured: ModelProfile) -> bool | None:
    """Tell whether a model reasons; None if it was not measured."""
    if measured.reasoning_field == "none" or measured.reasoning_switch == "never":
        return False
    is_measured = measured.reasoning_field or measured.reasoning_switch
    return True if is_measured else None
