"""The family of a model, whose rules a conversation is conformed to."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from importlib.resources import files

from llmaas.catalog.state import resolve
from llmaas.wire.conversation.family import Family


def get_family(name: str) -> Family:
    """Return the family of the model that answers to ``name``; the strictest for unknown ones."""
    serving = resolve(name).model
    if serving is None:
        return family_by_names((name,))
    return family_by_names((serving.id, serving.root or "", *serving.aliases))


@lru_cache(maxsize=512)
def family_by_names(names: tuple[str, ...]) -> Family:
    """Return the family that the first telling name matches, else the strictest."""
    *known, (_, strictest) = _table()
    for name in filter(None, names):
        for pattern, family in known:
            if pattern.search(name.lower()):
                return family
    return strictest


@cache
def _table() -> tuple[tuple[re.Pattern[str], Family], ...]:
    text = files("llmaas").joinpath("data", "families.json").read_text("utf-8")
    return tuple(
        (re.compile("|".join(entry["names"])), _family(entry))
        for entry in json.loads(text)["families"]
    )


def _family(entry: dict[str, object]) -> Family:
    rules = entry["rules"]
    assert isinstance(rules, dict)
    return Family(id=str(entry["id"]), **{name: rule["value"] for name, rule in rules.items()})


def families() -> tuple[Family, ...]:
    """Return all families, in the order in which their names are tried."""
    return tuple(family for _, family in _table())
