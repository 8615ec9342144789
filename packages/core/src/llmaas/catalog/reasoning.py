"""Reasoning switches of models, by name."""

from __future__ import annotations

from llmaas.catalog.reasoning_switches import LEVELS, UNKNOWN, ReasoningSwitch, match_switch
from llmaas.catalog.state import resolve


def get_switch(model: str) -> ReasoningSwitch:
    """Find the switch of a model by its name, or by the ID or root that it resolves to."""
    known = resolve(model).model
    return match_switch((model, known.id, known.root or "") if known else (model,))


def reasoning_efforts(model: str) -> tuple[tuple[str, ...], str | None]:
    """Return the efforts of a model in rising order, and its default. Unknown models have none."""
    switch = get_switch(model)
    if switch is UNKNOWN:
        return (), None
    return tuple(level for level in LEVELS if level in switch.levels), switch.default
