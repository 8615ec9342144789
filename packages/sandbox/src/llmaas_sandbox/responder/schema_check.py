"""Validation of a value against the schema keywords that filling does not guarantee."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from llmaas_sandbox.responder.patterns import is_match
from llmaas_sandbox.responder.schema_problems import resolve_reference

MAX_STEPS = 5_000
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "number": lambda v: _is_number(v),
    "integer": lambda v: _is_number(v) and float(v).is_integer(),
    "null": lambda v: v is None,
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}


def is_valid(value: object, schema: object, root: Mapping[str, object]) -> bool:
    """Whether a value satisfies a schema; True if that takes too many steps to check."""
    try:
        return _Validator(root).holds(value, schema, 0)
    except _TooLongError:
        return True


class _TooLongError(Exception):
    pass


class _Validator:
    """Validation of values against a schema, whose references start at its root."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.steps = 0

    def holds(self, value: object, schema: Any, depth: int) -> bool:
        self.steps += 1
        if self.steps > MAX_STEPS or depth > 60:
            raise _TooLongError
        if isinstance(schema, bool) or not isinstance(schema, Mapping):
            return schema is not False
        if "$ref" in schema and not self.holds(
            value, resolve_reference(self.root, schema["$ref"]), depth + 1
        ):
            return False
        return (
            _has_type(value, schema)
            and self._combined(value, schema, depth)
            and self._inside(value, schema, depth)
            and _bounded(value, schema)
        )

    def _combined(self, value: object, schema: Mapping[str, Any], depth: int) -> bool:
        def count(name: str) -> int:
            return sum(self.holds(value, part, depth + 1) for part in schema.get(name) or ())

        if "not" in schema and self.holds(value, schema["not"], depth + 1):
            return False
        if count("allOf") != len(schema.get("allOf") or ()):
            return False
        if schema.get("anyOf") and not count("anyOf"):
            return False
        if schema.get("oneOf") and count("oneOf") != 1:
            return False
        if "if" in schema:
            branch = "then" if self.holds(value, schema["if"], depth + 1) else "else"
            return self.holds(value, schema.get(branch, True), depth + 1)
        return True

    def _inside(self, value: object, schema: Mapping[str, object], depth: int) -> bool:
        if isinstance(value, dict):
            return self._properties(value, schema, depth)
        if isinstance(value, list):
            return self._items(value, schema, depth)
        return True

    def _properties(self, value: dict[str, object], schema: Mapping[str, Any], depth: int) -> bool:
        known, extra = schema.get("properties") or {}, schema.get("additionalProperties", True)
        if any(name not in value for name in schema.get("required") or ()):
            return False
        return all(self.holds(v, known.get(k, extra), depth + 1) for k, v in value.items())

    def _items(self, value: list[object], schema: Mapping[str, Any], depth: int) -> bool:
        prefix, items = schema.get("prefixItems") or [], schema.get("items", True)
        pairs = enumerate(value)
        if not all(
            self.holds(v, prefix[i] if i < len(prefix) else items, depth + 1) for i, v in pairs
        ):
            return False
        if "contains" not in schema:
            return True
        found = sum(self.holds(v, schema["contains"], depth + 1) for v in value)
        return found >= int(schema.get("minContains", 1))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has_type(value: object, schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds] if kinds else []
    if kinds and not any(_TYPES[kind](value) for kind in kinds):
        return False
    if "const" in schema and not _same(value, schema["const"]):
        return False
    return "enum" not in schema or any(_same(value, option) for option in schema["enum"])


def _same(left: object, right: Any) -> bool:
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def _bounded(value: Any, schema: Mapping[str, Any]) -> bool:
    if isinstance(value, str):
        if "pattern" in schema and not is_match(schema["pattern"], value):
            return False
        return _between(len(value), schema, "minLength", "maxLength")
    if isinstance(value, list):
        return _between(len(value), schema, "minItems", "maxItems")
    if isinstance(value, dict):
        return _between(len(value), schema, "minProperties", "maxProperties")
    if not _is_number(value):
        return True
    above = value > schema.get("exclusiveMinimum", float("-inf"))
    below = value < schema.get("exclusiveMaximum", float("inf"))
    return above and below and _between(value, schema, "minimum", "maximum")


def _between(value: float, schema: Mapping[str, Any], low: str, high: str) -> bool:
    least, most = schema.get(low), schema.get(high)
    return (least is None or value >= least) and (most is None or value <= most)
