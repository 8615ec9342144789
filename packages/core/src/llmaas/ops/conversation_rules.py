"""Adaptation of conversations to the model's chat template, with warnings about changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from llmaas._once import OncePerKey
from llmaas.catalog.facts import get_facts
from llmaas.catalog.profile import Profile
from llmaas.types import Adjustment
from llmaas.warnings import RequestAdjustedWarning, warn
from llmaas.wire.conversation.conform import conform
from llmaas.wire.conversation.contents import Message
from llmaas.wire.conversation.family import Family
from llmaas.wire.conversation.notes import FORMAL

_Conformed = tuple[Sequence[Message], tuple[Adjustment, ...]]

_WARNED_KINDS = OncePerKey()
"""Kinds of changes that this process was warned about."""


def conform_messages(
    messages: Sequence[Message],
    *,
    model: str,
    profile: Profile | None = None,
    is_enabled: bool = True,
    params: Mapping[str, Any] | None = None,
    strict: bool = False,
) -> _Conformed:
    """Return messages that the model's template takes, and the changes; warn once of a kind.

    With ``strict`` images for a model without vision stay, so that they are refused.
    """
    if not is_enabled:
        return messages, ()
    facts = get_facts(model, profile)
    family = _with_last(facts.family, params)
    right, adjustments = conform(messages, family, sees=strict or facts.sees)
    if adjustments:
        _warn(adjustments, model)
    return right, adjustments


def _with_last(family: Family, params: Mapping[str, object] | None) -> Family:
    if family.ends_with_input and params and _continues(params):
        return replace(family, ends_with_input=False)
    return family


def _continues(params: Mapping[str, Any]) -> bool:
    """Whether the model is to continue the last assistant message, an extension of vLLM."""
    extra = params.get("extra_body") or {}
    key = "continue_final_message"
    return bool(params.get(key) or extra.get(key))


def _warn(adjustments: Sequence[Adjustment], model: str) -> None:
    for each in adjustments:
        if each.kind in FORMAL or not _WARNED_KINDS.add(each.kind):
            continue
        text = (
            f"The conversation was changed for {model}: {each.detail} See completion.adjustments; "
            "conform=False sends it as it is."
        )
        warn(text, RequestAdjustedWarning)
