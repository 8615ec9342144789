"""Validation of JSON values against JSON schemas in bounded time.

Supports the keywords that schemas of answers use; the engine checks the others. Patterns are
matched by a linear-time engine, so that ``^(b+)+$`` is not slower than others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sized
from contextlib import suppress
from functools import lru_cache
from typing import Any

MAX_STEPS = 200_000
"""Maximum subschemas visited per value; the rest is not checked."""


def check(value: object, schema: Mapping[str, object]) -> None:
    """Validate a value; raise ``ValueError`` with the location and the problem."""
    with suppress(RecursionError):  # deeper values are not checked
        _Checker(schema).check(value, schema, "answer")


class _Checker:
    """Check of values against a schema, whose references start at ``root``."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._steps = 0

    def check(self, value: object, schema: object, path: str) -> None:
        if schema is False:
            raise ValueError(f"{path} is not allowed")
        self._steps += 1
        if not isinstance(schema, Mapping) or self._steps > MAX_STEPS:
            return
        for keyword, rule_value in schema.items():
            if (rule := _RULES.get(keyword)) is not None:
                rule(self, value, rule_value, path, schema)

    def is_valid(self, value: object, schema: object, path: str) -> bool:
        try:
            self.check(value, schema, path)
        except ValueError:
            return False
        return True

    def resolve(self, reference: object) -> object:
        """Resolve a reference within the schema; others become True, which allows everything."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return True
        found: object = self._root
        for step in reference.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                return True
            found = found[name]
        return found


def _canonical(value: object) -> str:
    """Encode a value so that equal values have equal text: 1 and 1.0, keys in any order."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and float(value).is_integer(),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}

_Rule = Callable[[_Checker, Any, Any, str, Mapping[str, Any]], None]


def _type(_: _Checker, value: object, rule_value: object, path: str, __: object) -> None:
    names = rule_value if isinstance(rule_value, list) else [rule_value]
    if not any(_TYPES.get(name, _allow)(value) for name in names if isinstance(name, str)):
        raise ValueError(f"{path} must be of type {' or '.join(map(str, names))}")


def _allow(_: object) -> bool:
    return True


def _enum(_: _Checker, value: object, rule_value: object, path: str, __: object) -> None:
    if isinstance(rule_value, list) and _canonical(value) not in map(_canonical, rule_value):
        raise ValueError(f"{path} must be one of {str(rule_value)[:200]}")


def _const(_: _Checker, value: object, rule_value: object, path: str, __: object) -> None:
    if _canonical(value) != _canonical(rule_value):
        raise ValueError(f"{path} must be {str(rule_value)[:200]}")


def _properties(checker: _Checker, value: object, rule_value: object, path: str, _: object) -> None:
    if isinstance(value, dict) and isinstance(rule_value, Mapping):
        for name, schema in rule_value.items():
            if name in value:
                checker.check(value[name], schema, f"{path}.{name}")


def _required(_: _Checker, value: object, rule_value: object, path: str, __: object) -> None:
    if isinstance(value, dict) and isinstance(rule_value, list):
        missing = [name for name in rule_value if name not in value]
        if missing:
            raise ValueError(f"{path} lacks {', '.join(map(repr, missing[:5]))}")


def _additional(
    checker: _Checker, value: object, rule_value: object, path: str, schema: Any
) -> None:
    if not isinstance(value, dict) or "patternProperties" in schema:
        return
    known = schema.get("properties") or {}
    for name, item in value.items():
        if name not in known:
            checker.check(item, rule_value, f"{path}.{name[:64]}")


def _items(checker: _Checker, value: object, rule_value: object, path: str, schema: Any) -> None:
    if isinstance(value, list) and isinstance(rule_value, Mapping | bool):
        start = len(schema.get("prefixItems") or ())
        for position, item in enumerate(value[start:], start):
            checker.check(item, rule_value, f"{path}[{position}]")


def _prefix_items(
    checker: _Checker, value: object, rule_value: object, path: str, _: object
) -> None:
    if isinstance(value, list) and isinstance(rule_value, list):
        for position, (item, schema) in enumerate(zip(value, rule_value, strict=False)):
            checker.check(item, schema, f"{path}[{position}]")


def _all_of(checker: _Checker, value: object, rule_value: object, path: str, _: object) -> None:
    for schema in rule_value if isinstance(rule_value, list) else ():
        checker.check(value, schema, path)


def _any_of(checker: _Checker, value: object, rule_value: object, path: str, _: object) -> None:
    if not isinstance(rule_value, list) or not rule_value:
        return None
    problems: list[ValueError] = []
    for schema in rule_value:
        try:
            return checker.check(value, schema, path)
        except ValueError as error:
            problems.append(error)
    raise (
        problems[0]
        if len(problems) == 1
        else ValueError(
            f"{path} matches none of the alternatives: {'; '.join(map(str, problems[:3]))}"
        )
    )


def _one_of(
    checker: _Checker, value: object, rule_value: object, path: str, schema: object
) -> None:
    _any_of(checker, value, rule_value, path, schema)
    if (
        isinstance(rule_value, list)
        and sum(checker.is_valid(value, part, path) for part in rule_value) > 1
    ):
        raise ValueError(f"{path} matches several alternatives, but must match one")


def _not(checker: _Checker, value: object, rule_value: object, path: str, _: object) -> None:
    if isinstance(rule_value, Mapping) and checker.is_valid(value, rule_value, path):
        raise ValueError(f"{path} matches a schema excluded by 'not'")


def _ref(checker: _Checker, value: object, rule_value: object, path: str, _: object) -> None:
    checker.check(value, checker.resolve(rule_value), path)


def _pattern(_: _Checker, value: object, rule_value: object, path: str, __: object) -> None:
    if isinstance(value, str) and isinstance(rule_value, str):
        matcher = _matcher(rule_value)
        if matcher is not None and not matcher(value):
            raise ValueError(f"{path} must match the pattern {rule_value[:200]!r}")


@lru_cache(maxsize=128)
def _matcher(pattern: str) -> Callable[[str], bool] | None:
    """Compile a pattern for the linear-time engine; None if the syntax is not supported."""
    from pydantic_core import SchemaError, SchemaValidator

    try:
        return SchemaValidator({"type": "str", "pattern": pattern}).isinstance_python
    except SchemaError:
        return None


def _bound(
    measure: Callable[[object], object], is_valid: Callable[[Any, Any], bool], words: str
) -> _Rule:
    def rule(_: _Checker, value: Any, rule_value: Any, path: str, __: Any) -> None:
        size = measure(value)
        if size is not None and _is_number(rule_value) and not is_valid(size, rule_value):
            raise ValueError(f"{path} must {words} {rule_value}")

    return rule


def _number(value: object) -> object:
    return value if _is_number(value) else None


def _length(kind: type[Sized]) -> Callable[[object], object]:
    return lambda value: len(value) if isinstance(value, kind) else None


def _unique(_: _Checker, value: object, rule_value: object, path: str, __: object) -> None:
    if (
        rule_value is True
        and isinstance(value, list)
        and len(set(map(_canonical, value))) < len(value)
    ):
        raise ValueError(f"{path} must have unique items")


def _at_most(size: object, rule_value: Any) -> bool:
    return bool(size <= rule_value)


def _at_least(size: object, rule_value: Any) -> bool:
    return bool(size >= rule_value)


_RULES: Mapping[str, _Rule] = {
    "$ref": _ref,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "prefixItems": _prefix_items,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "pattern": _pattern,
    "minimum": _bound(_number, _at_least, "be at least"),
    "maximum": _bound(_number, _at_most, "be at most"),
    "exclusiveMinimum": _bound(_number, lambda size, rule_value: size > rule_value, "be above"),
    "exclusiveMaximum": _bound(_number, lambda size, rule_value: size < rule_value, "be below"),
    "minLength": _bound(_length(str), _at_least, "have a length of at least"),
    "maxLength": _bound(_length(str), _at_most, "have a length of at most"),
    "minItems": _bound(_length(list), _at_least, "have a length of at least"),
    "maxItems": _bound(_length(list), _at_most, "have a length of at most"),
    "minProperties": _bound(_length(dict), _at_least, "have a size of at least"),
    "maxProperties": _bound(_length(dict), _at_most, "have a size of at most"),
    "uniqueItems": _unique,
}
