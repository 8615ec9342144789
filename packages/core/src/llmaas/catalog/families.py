"""Model families, and the conversation rules of their chat templates."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from importlib.resources import files

from llmaas.catalog.state import resolve
from llmaas.wire.conversation.family import Family


def get_family(name: str) -> Family:
    """Find the family of the model that answers to ``name``; the strictest for unknown models."""
    serving = resolve(name).model
    if serving is None:
        return match_family((name,))
    return match_family((serving.id, serving.root or "", *serving.aliases))


@lru_cache(maxsize=512)
def match_family(names: tuple[str, ...]) -> Family:
    """Match names against the families in order; the strictest if none matches."""
    *known, (_, strictest) = _load_table()
    for name in filter(None, names):
        for pattern, family in known:
            if pattern.search(name.lower()):
                return family
    return strictest


@cache
def _load_table() -> tuple[tuple[re.Pattern[str], Family], ...]:
    text = files("llmaas").joinpath("data", "families.json").read_text("utf-8")
    return tuple(
        (re.compile("|".join(entry["names"])), _to_family(entry))
        for entry in json.loads(text)["families"]
    )


def _to_family(entry: dict[str, object]) -> Family:
    rules = entry["rules"]
    assert isinstance(rules, dict)
    return Family(id=str(entry["id"]), **{name: rule["value"] for name, rule in rules.items()})


def families() -> tuple[Family, ...]:
    """Return all families in the order of matching."""
    return tuple(family for _, family in _load_table())
