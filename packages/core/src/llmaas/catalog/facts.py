"""What a call needs to know of its model, looked up once for each name and catalog."""

from __future__ import annotations

from dataclasses import dataclass

from llmaas.catalog.catalog import Catalog
from llmaas.catalog.families import get_family
from llmaas.catalog.state import current
from llmaas.wire.conversation.family import Family

_MOST_NAMES = 512
"""Names that are kept: they may come from users."""

_INLINE_FAMILIES = ("qwen", "deepseek")
"""Seen with ``<think>`` in the answer (reference 3.6)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about the model that answers to a name."""

    is_known: bool
    """Whether the catalog has the name, as an id or as an alias."""
    sees: bool
    """Whether the model may take images: all may, but those known not to."""
    window: int | None
    """The context window in tokens, where it is known."""
    family: Family
    """The rules of its chat template."""
    may_reason: bool
    """Whether it may reason: all may, but those known not to."""
    may_hold: bool
    """Whether its first text may be reasoning whose tag was opened inside the prompt."""


_known: tuple[Catalog | None, dict[str, Facts]] = (None, {})
"""The catalog that the facts were read from, and the facts by name: a new catalog begins anew."""


def get_facts(name: str) -> Facts:
    """Return the facts about the model that answers to ``name``."""
    global _known
    book, (read, facts) = current(), _known
    if read is not book:
        facts = {}
        _known = (book, facts)
    found = facts.get(name)
    if found is None:
        if len(facts) >= _MOST_NAMES:
            facts.clear()
        found = facts[name] = _read(book, name)
    return found


def _read(book: Catalog, name: str) -> Facts:
    own, serving = book.get(name), book.resolve(name).model
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
