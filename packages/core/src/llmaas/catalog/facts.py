"""Facts that a call needs about its model, cached by name and catalog."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from llmaas.catalog.call_facts import CallFacts
from llmaas.catalog.catalog import Catalog
from llmaas.catalog.families import get_family
from llmaas.catalog.model_facts import ModelProfile
from llmaas.catalog.profile import Profile
from llmaas.catalog.state import STATE, resolve

_MAX_NAMES = 512
"""Size of the cache: names may come from users."""

_INLINE_FAMILIES = ("qwen", "deepseek")
"""Families whose answers contain ``<think>`` on the service."""


def get_facts(name: str, profile: Profile | None = None) -> CallFacts:
    """Look up the facts about the model that answers to ``name``.

    What ``profile`` says overrides the catalog.
    """
    return _get(name) if profile is None else _get_measured(name, profile)


def _get_measured(name: str, profile: Profile) -> CallFacts:
    """Return facts with those of a profile, which are merged once per name and catalog."""
    base = _get(name)
    known: tuple[CallFacts, CallFacts] | None = profile.facts.get(name)
    if known is None or known[0] is not base:
        if len(profile.facts) >= _MAX_NAMES:
            profile.facts.clear()
        known = profile.facts[name] = (base, _merge(base, find_measured(name, profile)))
    return known[1]


def find_measured(name: str, profile: Profile | None) -> ModelProfile | None:
    """Find what a profile says about the model that answers to ``name``."""
    if profile is None:
        return None
    serving = resolve(name).model
    names = (serving.id, serving.root, *serving.aliases) if serving else ()
    return profile.get_model(name, *names)


def _merge(facts: CallFacts, measured: ModelProfile | None) -> CallFacts:
    if measured is None:
        return facts
    where = measured.reasoning_field
    known: dict[str, Any] = {
        "sees": measured.vision,
        "window": measured.context_window,
        "may_reason": None if where is None else where == "content",
        "may_hold": None if where is None else where == "content",
    }
    return replace(
        facts,
        family=replace(facts.family, **measured.conversation_rules),
        measured=measured,
        **{name: value for name, value in known.items() if value is not None},
    )


def _get(name: str) -> CallFacts:
    version = STATE.version
    facts = version.facts.get(name)
    if facts is None:
        if len(version.facts) >= _MAX_NAMES:
            version.facts.clear()
        facts = version.facts[name] = _read_facts(version.catalog, name)
    return facts


def _read_facts(catalog: Catalog, name: str) -> CallFacts:
    own, serving = catalog.get(name), catalog.resolve(name).model
    is_inline = name.lower().startswith(_INLINE_FAMILIES)
    reasons = own is not None and bool(own.reasoning)
    return CallFacts(
        is_known=own is not None,
        sees=serving is None or serving.vision is not False,
        window=None if serving is None else serving.context,
        family=get_family(name),
        may_reason=own is None or reasons or is_inline,
        may_hold=is_inline and reasons,
    )
