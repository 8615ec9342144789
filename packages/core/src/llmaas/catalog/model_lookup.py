"""Models as the catalog describes them; what a profile says overrides it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from llmaas._option_parsing import given_profile
from llmaas.catalog.model import Model
from llmaas.catalog.state import DEFAULT_MAX_OUTPUT, resolve

if TYPE_CHECKING:
    from llmaas.catalog.profile_loading import ProfileOption


def find_model(name: str, profile: ProfileOption = None) -> Model | None:
    """Look up the model that answers to a name; what a profile says overrides the catalog.

    ``profile`` defaults to ``LLMAAS_PROFILE``. Returns None if neither knows the name. Raises
    ``ProfileError`` for an invalid profile.
    """
    known = resolve(name).model
    if given_profile(profile) is None:
        return known
    from llmaas.catalog.measured_models import overlay, read_measured

    measured = read_measured(name, profile)
    return known if measured is None else overlay(known or Model(id=name), measured)


def with_profile(models: Iterable[Model], profile: ProfileOption = None) -> list[Model]:
    """Return models of the catalog with what a profile says about them."""
    if given_profile(profile) is None:
        return list(models)
    from llmaas.catalog.measured_models import overlay, read_measured

    found = ((model, read_measured(model.id, profile)) for model in models)
    return [overlay(model, measured) if measured else model for model, measured in found]


def max_output_default(name: str, profile: ProfileOption = None) -> int:
    """Compute the default of ``max_tokens``: 16,384, capped at half the known context.

    A profile may say that the model accepts fewer.
    """
    model = find_model(name, profile)
    context = model.context if model else None
    half = context // 2 if context else DEFAULT_MAX_OUTPUT
    return min(DEFAULT_MAX_OUTPUT, half, _measured_limit(name, profile))


def _measured_limit(name: str, profile: ProfileOption) -> int:
    if given_profile(profile) is None:
        return DEFAULT_MAX_OUTPUT
    from llmaas.catalog.measured_models import read_measured

    measured = read_measured(name, profile)
    return (measured and measured.max_output_tokens) or DEFAULT_MAX_OUTPUT
