"""Facts that a call needs about its model, cached by name and catalog."""

from __future__ import annotations

from dataclasses import dataclass

from llmaas.catalog.catalog import Catalog
from llmaas.catalog.families import get_family
from llmaas.catalog.state import current
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


_cache: tuple[Catalog | None, dict[str, Facts]] = (None, {})
"""Catalog, and the facts read from it by name. Another catalog empties the cache."""


def get_facts(name: str) -> Facts:
    """Look up the facts about the model that answers to ``name``."""
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
