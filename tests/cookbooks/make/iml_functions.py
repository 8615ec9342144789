"""The functions and values of Make's expressions that the cookbooks use."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final


class Undefined:
    """The value of what is not there: its key is left out of a request."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = Undefined()


def truth(value: Any) -> bool:
    """Tell what counts as yes."""
    if isinstance(value, float) and math.isnan(value):
        return False
    return value is not UNDEFINED and (isinstance(value, list | dict) or bool(value))


def is_empty(value: Any) -> bool:
    return value is UNDEFINED or value is None or value == ""


def text(value: Any) -> str:
    """Return a value as it reads inside a text."""
    if is_empty(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else create_json(value)


def number(value: Any) -> Any:
    """Return a number; not a number for what is none, which equals nothing."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else math.nan


def add(one: Any, other: Any) -> Any:
    if isinstance(one, str) or isinstance(other, str):
        if UNDEFINED in (one, other) or None in (one, other):
            raise ValueError("a text is joined with nothing, which would read 'undefined'")
        return text(one) + text(other)
    return number(one) + number(other)


def replace(value: Any, what: str, by: str) -> str:
    """Replace a text, or a pattern written between slashes; ``$1`` is its first group."""
    pattern = re.fullmatch(r"/(.+)/([a-z]*)", what, re.DOTALL)
    if pattern is None:
        return text(value).replace(what, by)
    flags = re.IGNORECASE if "i" in pattern[2] else 0
    count = 0 if "g" in pattern[2] else 1
    expanded = partial(_expanded, by)
    return re.sub(pattern[1], expanded, text(value), count=count, flags=flags)


def _expanded(by: str, found: re.Match[str]) -> str:
    return re.sub(r"\$(\d)", lambda group: found[int(group[1])] or "", by)


def contains(value: Any, what: Any) -> bool:
    return what in value if isinstance(value, list) else text(what) in text(value)


def get(value: Any, path: Any) -> Any:
    """Return what lies at a path of names; a dot separates them, so no name may hold one."""
    for name in text(path).split("."):
        value = value.get(name, UNDEFINED) if isinstance(value, Mapping) else UNDEFINED
    return value


def map_(items: Any, key: str, where: str = "", wanted: Any = "") -> list[Any]:
    """Return one property of each item, of those only whose other property is wanted."""
    chosen = [
        one
        for one in (items if isinstance(items, list) else [])
        if not where or text(one.get(where)) in text(wanted).split(",")
    ]
    return [one[key] for one in chosen if key in one]


def sort(items: Any, order: str, key: str) -> list[Any]:
    found = items if isinstance(items, list) else []
    return sorted(found, key=lambda one: one[key], reverse=order == "desc")


def to_collection(items: Any, key: str, value: str) -> dict[str, Any]:
    return {text(one[key]): one[value] for one in (items if isinstance(items, list) else [])}


def create_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def first(items: Any) -> Any:
    return items[0] if isinstance(items, list) and items else UNDEFINED


def last(items: Any) -> Any:
    return items[-1] if isinstance(items, list) and items else UNDEFINED


def rounded(value: Any, to: Callable[[float], int]) -> Any:
    return value if math.isnan(number(value)) else to(value)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "if": lambda condition, yes, no: yes if truth(condition) else no,
    "ifempty": lambda value, instead: instead if is_empty(value) else value,
    "replace": replace,
    "trim": lambda value: text(value).strip(),
    "lower": lambda value: text(value).lower(),
    "contains": contains,
    "length": lambda value: 0 if is_empty(value) else len(value),
    "round": lambda value: rounded(value, lambda plain: math.floor(plain + 0.5)),
    "ceil": lambda value: rounded(value, math.ceil),
    "get": get,
    "map": map_,
    "sort": sort,
    "first": first,
    "last": last,
    "join": lambda items, by: by.join(map(text, items)) if isinstance(items, list) else "",
    "toCollection": to_collection,
    "createJSON": create_json,
    "parseJSON": lambda value: json.loads(text(value)),
}
