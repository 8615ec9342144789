"""Reasoning switches and efforts of models, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmaas._option_parsing import given_profile
from llmaas.catalog.reasoning_switches import LEVELS, UNKNOWN, ReasoningSwitch, match_switch
from llmaas.catalog.state import resolve

if TYPE_CHECKING:
    from llmaas.catalog.profile_loading import ProfileOption


def get_switch(model: str) -> ReasoningSwitch:
    """Find the switch of a model by its name, or by the ID or root that it resolves to."""
    known = resolve(model).model
    return match_switch((model, known.id, known.root or "") if known else (model,))


def reasoning_efforts(
    model: str, profile: ProfileOption = None
) -> tuple[tuple[str, ...], str | None]:
    """Return the efforts of a model in rising order, and its default. Unknown models have none.

    ``profile`` defaults to ``LLMAAS_PROFILE``; its efforts are added.
    """
    switch = get_switch(model)
    own = () if switch is UNKNOWN else switch.levels
    known = {*own, *_measured_efforts(model, profile)}
    return tuple(level for level in LEVELS if level in known), switch.default


def _measured_efforts(model: str, profile: ProfileOption) -> tuple[str, ...]:
    if given_profile(profile) is None:
        return ()
    from llmaas.catalog.measured_models import read_measured

    measured = read_measured(model, profile)
    return measured.reasoning_efforts if measured else ()
