"""Facts of a client's profile where it has them, else those of the packaged catalog."""

from __future__ import annotations

from dataclasses import replace

from llmaas.catalog import state
from llmaas.catalog.facts import find_measured
from llmaas.catalog.profile import Profile
from llmaas.catalog.reasoning import SWITCHES, ReasoningSwitch
from llmaas.catalog.reasoning import get_switch as get_family_switch


def get_switch(model: str, profile: Profile | None = None) -> ReasoningSwitch:
    """Find the reasoning switch of a model."""
    own = get_family_switch(model)
    measured = find_measured(model, profile)
    if measured is None:
        return own
    efforts = {effort: {"reasoning_effort": effort} for effort in measured.reasoning_efforts}
    switch = own if measured.reasoning_switch is None else SWITCHES[measured.reasoning_switch]
    return replace(switch, levels={**own.levels, **efforts})


def native_size(model: str, profile: Profile | None = None) -> int | None:
    """Return the size of a model's vectors, None if it is unknown."""
    measured = find_measured(model, profile)
    if measured is not None and measured.embedding_dimensions is not None:
        return measured.embedding_dimensions
    known = state.get(model)
    return None if known is None else known.dimensions
