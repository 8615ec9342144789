"""Well-formedness of JSON schemas: keyword types and references."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MAX_NODES = 20_000
"""Schemas inside one schema; real ones have hundreds."""
MAX_NESTING = 200
TYPES = ("string", "boolean", "number", "integer", "null", "array", "object")
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains")
_COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def find_schema_problem(schema: object) -> str | None:
    """Return the first problem of a schema, or None."""
    if not isinstance(schema, Mapping):
        return f"a schema must be an object, got {type(schema).__name__}"
    waiting: list[tuple[Any, int]] = [(schema, 0)]
    for _ in range(MAX_NODES):
        if not waiting:
            return None
        node, depth = waiting.pop()
        if isinstance(node, bool):
            continue
        problem = _problem(node, schema) if depth < MAX_NESTING else "nested too deep"
        if problem:
            return problem
        waiting.extend((inner, depth + 1) for inner in _inner(node))
    return f"more than {MAX_NODES} schemas"


def _problem(node: object, root: Mapping[str, object]) -> str | None:
    if not isinstance(node, Mapping):
        return f"a schema must be an object, got {type(node).__name__}"
    kinds = node.get("type", "object")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind not in TYPES:
            return f'Unsupported type "{kind}"'
    if "$ref" in node and resolve_reference(root, node["$ref"]) is None:
        return f"Cannot find the reference {node['$ref']!r}"
    return next((words for check, words in _CHECKS if not check(node)), None)


def _inner(node: Mapping[str, Any]) -> Iterator[Any]:
    for name in _MAPS:
        yield from (node.get(name) or {}).values()
    for name in _LISTS:
        yield from node.get(name) or ()
    yield from (node[name] for name in _SINGLE if isinstance(node.get(name), Mapping))


def resolve_reference(root: Mapping[str, object], reference: object) -> object:
    """Resolve a reference within the schema, or return None."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    target: object = root
    for part in reference[1:].split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        target = target.get(key) if isinstance(target, Mapping) else None
    return target if isinstance(target, Mapping | bool) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _all_of(names: tuple[str, ...], right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda node: all(right(node[n]) for n in names if node.get(n) is not None)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and float(value).is_integer()


def _is_pattern(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > 10_000:
        return False
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


_CHECKS: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (_all_of(_MAPS, lambda v: isinstance(v, Mapping)), "properties must be an object"),
    (_all_of(_LISTS, lambda v: isinstance(v, list) and v != []), "anyOf must be a list"),
    (_all_of(_SINGLE, lambda v: isinstance(v, Mapping | bool)), "items must be a schema"),
    (_all_of(_COUNTS, _is_count), "minItems must be a count"),
    (_all_of(_NUMBERS, _is_number), "minimum must be a number"),
    (_all_of(("multipleOf",), lambda v: v > 0), "multipleOf must be above 0"),
    (_all_of(("pattern",), _is_pattern), "pattern must be a regular expression"),
    (_all_of(("enum",), lambda v: isinstance(v, list) and v != []), "enum must be a list"),
    (
        _all_of(
            ("required",), lambda v: isinstance(v, list) and all(isinstance(n, str) for n in v)
        ),
        "required must be a list of names",
    ),
)
