"""The option ``reasoning``: one switch for what each model family calls otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas.catalog.measured import get_switch
from llmaas.catalog.profile import Profile
from llmaas.catalog.reasoning_switches import LEVELS, Fields, ReasoningSwitch
from llmaas.ops.checks import invalid
from llmaas.types import Adjustment, Completion
from llmaas.warnings import IgnoredOptionWarning, warn

KIND = "reasoning"
_OFF, _ON = ("none", "off"), ("on", "default")
_TEMPLATE = "chat_template_kwargs"


def to_fields(
    model: str, reasoning: object, params: Mapping[str, Any], profile: Profile | None = None
) -> tuple[dict[str, Any], tuple[Adjustment, ...]]:
    """Return the parameters with the fields that the model's family takes, and what it lacks.

    Fields that the caller set stay. A dict is sent as it is, since some gateways take one.
    """
    if isinstance(reasoning, Mapping):
        return {**params, "reasoning": reasoning}, ()
    fields, missing = _fields(get_switch(model, profile), _level(reasoning))
    merged = {**fields, **params}
    if _TEMPLATE in fields and isinstance(params.get(_TEMPLATE), Mapping):
        merged[_TEMPLATE] = {**fields[_TEMPLATE], **params[_TEMPLATE]}
    if missing:
        return merged, (Adjustment(KIND, f"reasoning={reasoning!r}: {model} {missing}."),)
    return merged, ()


def _level(reasoning: object) -> str:
    """Return ``off``, ``on`` or one of ``LEVELS``."""
    if isinstance(reasoning, bool):
        return "on" if reasoning else "off"
    if reasoning in LEVELS:
        return str(reasoning)
    if reasoning in _OFF:
        return "off"
    if reasoning not in _ON:
        invalid(f"reasoning must be a bool, 'none' or one of {', '.join(LEVELS)}", reasoning)
    return "on"


def _fields(switch: ReasoningSwitch, level: str) -> tuple[Fields, str]:
    """Return the fields of a level, and in words what the family lacks of it."""
    if switch.never:
        return {}, "" if level == "off" else "does not reason"
    if level == "off":
        return _off(switch)
    if level == "on":
        return switch.on or {}, ""
    if level in switch.levels:
        return switch.levels[level], ""
    if not switch.levels:
        return switch.on or {}, "has no levels of effort; reasoning is on"
    nearest = min(switch.levels, key=lambda known: abs(LEVELS.index(known) - LEVELS.index(level)))
    return switch.levels[nearest], f"has no effort {level!r}; {nearest!r} was sent"


def _off(switch: ReasoningSwitch) -> tuple[Fields, str]:
    if switch.off is not None:
        return switch.off, ""
    lowest = next((level for level in LEVELS if level in switch.levels), None)
    if lowest is None:
        return {}, "cannot stop reasoning"
    return switch.levels[lowest], f"cannot stop reasoning; effort {lowest!r} was sent"


def lower_effort(
    model: str, options: Mapping[str, object], profile: Profile | None = None
) -> dict[str, object]:
    """Return options that ask for less reasoning: low effort, or none where it was low."""
    kept = {k: v for k, v in options.items() if k not in ("reasoning_effort", "enable_thinking")}
    requested = options.get("reasoning", options.get("reasoning_effort"))
    switch = get_switch(model, profile)
    if switch.never or isinstance(requested, Mapping):
        return dict(options)
    was_low = requested in (False, "none", "off", "minimal", "low") or not switch.levels
    can_stop = switch.off is not None
    return {**kept, "reasoning": False if was_low and can_stop else "low"}


def report_ignored(completion: Completion) -> Completion:
    """Note, and warn once, that a model reasoned although reasoning was switched off."""
    from dataclasses import replace

    thought = (completion.reasoning or "").strip()
    tokens = completion.usage.reasoning_tokens if completion.usage else None
    if not thought and not tokens:
        return completion
    detail = f"{completion.model} reasoned although reasoning was switched off."
    warn(detail, IgnoredOptionWarning)
    note = Adjustment(KIND, detail)
    return replace(completion, adjustments=(*completion.adjustments, note))
