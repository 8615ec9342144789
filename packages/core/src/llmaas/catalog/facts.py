"""Facts that a call needs about its model, cached by name and catalog."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from llmaas.catalog.catalog import Catalog
from llmaas.catalog.families import get_family
from llmaas.catalog.model_facts import ModelProfile
from llmaas.catalog.profile import Profile
from llmaas.catalog.state import current, resolve
from llmaas.wire.conversation.family import Family

_MAX_NAMES = 512
"""Size of the cache: names may come from users."""

_INLINE_FAMILIES = ("qwen", "deepseek")
"""Families whose answers contain ``<think>`` on the service."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about the model that answers to a name."""

    is_known: bool
    """Whether the catalog has the name, as an ID or as an alias."""
    sees: bool
    """Whether the model accepts images. Defaults to True."""
    window: int | None
    """Context window in tokens; None if unknown."""
    family: Family
    """Rules of its chat template."""
    may_reason: bool
    """Whether the model may reason. Defaults to True."""
    may_hold: bool
    """Whether its first text may be reasoning whose opening tag is in the prompt."""
    measured: ModelProfile | None = None
    """What the client's profile says about the model."""


_cache: tuple[Catalog | None, dict[str, Facts]] = (None, {})
"""Catalog, and the facts read from it by name. Another catalog empties the cache."""


def get_facts(name: str, profile: Profile | None = None) -> Facts:
    """Look up the facts about the model that answers to ``name``.

    What ``profile`` says overrides the catalog.
    """
    return _get(name) if profile is None else _get_measured(name, profile)


def _get_measured(name: str, profile: Profile) -> Facts:
    """Return facts with those of a profile, which are merged once per name and catalog."""
    base = _get(name)
    known: tuple[Facts, Facts] | None = profile.facts.get(name)
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


def _merge(facts: Facts, measured: ModelProfile | None) -> Facts:
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


def _get(name: str) -> Facts:
    global _cache
    catalog, (cached, facts) = current(), _cache
    if cached is not catalog:
        facts = {}
        _cache = (catalog, facts)
    found = facts.get(name)
    if found is None:
        if len(facts) >= _MAX_NAMES:
            facts.clear()
        found = facts[name] = _read_facts(catalog, name)
    return found


def _read_facts(catalog: Catalog, name: str) -> Facts:
    own, serving = catalog.get(name), catalog.resolve(name).model
    is_inline = name.lower().startswith(_INLINE_FAMILIES)
    reasons = own is not None and bool(own.reasoning)
    return Facts(
        is_known=own is not None,
        sees=serving is None or serving.vision is not False,
        window=None if serving is None else serving.context,
        family=get_family(name),
        may_reason=own is None or reasons or is_inline,
        may_hold=is_inline and reasons,
    )
