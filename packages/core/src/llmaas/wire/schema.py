"""Conversion of JSON schemas and names to the forms that engines support.

llama.cpp refuses nested ``$ref``, OpenAI's strict mode refuses most keywords, and names of
functions and schemas consist of at most 64 characters of ``[a-zA-Z0-9_-]``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

Schema = Mapping[str, Any]

MAX_INLINED = 5_000
"""Maximum subschemas of an inlined schema; beyond it, references are kept."""

_VALID_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}").fullmatch
_INVALID_CHARACTERS = re.compile(r"[^a-zA-Z0-9_-]+")

_OF_ONE = frozenset(
    ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
)
_OF_LISTS = frozenset(("anyOf", "oneOf", "allOf", "prefixItems"))
_OF_NAMES = frozenset(
    ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
)
_NOT_STRICT = frozenset(
    [
        *("oneOf", "allOf", "not", "if", "then", "else", "contains", "prefixItems"),
        *("propertyNames", "patternProperties", "unevaluatedProperties"),
        *("dependentSchemas", "dependentRequired", "minProperties", "maxProperties"),
    ]
)
_TYPED = frozenset(("type", "enum", "const", "anyOf", "$ref"))


def is_wire_name(name: str) -> bool:
    """Whether functions and schemas may have a name."""
    return _VALID_NAME(name) is not None


def wire_name(name: str, *, default: str = "answer") -> str:
    """Convert a name to the form of functions and schemas: ``Page[int]`` to ``Page_int``.

    If characters are lost, a checksum keeps different names different.
    """
    if _VALID_NAME(name):
        return name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = _INVALID_CHARACTERS.sub("_", plain).strip("_")
    if plain and len(plain) <= 64:
        return plain
    return f"{plain[:55] or default}_{crc32(name.encode('utf-8', 'replace')):08x}"


def inline_definitions(schema: Schema) -> dict[str, object]:
    """Inline references to ``$defs``, except recursive ones.

    A root that is a reference is replaced by its target, because parameters of a function must
    be an object.
    """
    definitions = {
        f"#/{key}/{name}": subschema
        for key in ("$defs", "definitions")
        for name, subschema in _mapping(schema.get(key)).items()
    }
    if not definitions:
        return dict(schema)
    recursive = _recursive(definitions)
    try:
        return _Inliner(definitions, recursive).inline_root(schema)
    except _TooLargeError:
        return dict(schema)


def strict_schema(schema: Schema, *, require_all: bool = False) -> dict[str, object] | None:
    """Convert a schema to strict mode, or return None if that would change its meaning.

    Every object is closed (``additionalProperties: false``) and requires all properties.
    ``require_all`` makes optional properties required; without it they make the result None, as
    do maps, untyped values and unsupported keywords.
    """
    try:
        strict = _strict(schema, require_all)
    except _NotStrictError:
        return None
    is_object = strict.get("type") == "object" and "properties" in strict
    return strict if is_object else None


def strict_function(tool: Mapping[str, object]) -> dict[str, object]:
    """Mark a function as strict if its parameters allow it and ``strict`` is not set.

    vLLM's hermes parser constrains the arguments of a forced function only then.
    """
    function = tool.get("function")
    if not isinstance(function, Mapping) or "strict" in function:
        return dict(tool)
    parameters = function.get("parameters")
    strict = strict_schema(parameters) if isinstance(parameters, Mapping) else None
    if strict is None:
        return dict(tool)
    return {**tool, "function": {**function, "parameters": strict, "strict": True}}


def map_subschemas(schema: Schema, change: Callable[[object], object]) -> dict[str, object]:
    """Apply a function to the direct subschemas, not to values such as ``enum`` and ``default``."""
    return {key: _mapped(key, value, change) for key, value in schema.items()}


def _mapped(key: str, value: object, change: Callable[[object], object]) -> object:
    if key in _OF_NAMES and isinstance(value, Mapping):
        return {name: change(subschema) for name, subschema in value.items()}
    if key in _OF_LISTS or (key == "items" and isinstance(value, list)):
        return [change(subschema) for subschema in value] if isinstance(value, list) else value
    return change(value) if key in _OF_ONE and isinstance(value, Mapping) else value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


class _TooLargeError(Exception):
    """The inlined schema would be too large."""


class _NotStrictError(Exception):
    """Strict mode does not support the schema."""


class _Inliner:
    """Inliner of the references of a schema."""

    def __init__(self, definitions: Mapping[str, Any], recursive: frozenset[str]) -> None:
        self._definitions = definitions
        self._recursive = recursive
        self._count = 0
        self._kept: set[str] = set()

    def inline_root(self, schema: Schema) -> dict[str, Any]:
        body = {k: v for k, v in schema.items() if k not in ("$defs", "definitions")}
        reference = body.get("$ref")
        if isinstance(reference, str) and reference in self._definitions:
            del body["$ref"]
            body = {**_mapping(self._definitions[reference]), **body}
        inlined: dict[str, Any] = self._inline(body)
        kept = {name: self._inline_body(name) for name in self._all_kept()}
        for reference, subschema in kept.items():
            _, key, name = reference.split("/", 2)
            inlined.setdefault(key, {})[name] = subschema
        return inlined

    def _all_kept(self) -> list[str]:
        """Return the referenced recursive definitions, directly or through each other."""
        done: set[str] = set()
        while missing := self._kept - done:
            for reference in missing:
                self._inline_body(reference)
            done |= missing
        return sorted(done)

    def _inline_body(self, reference: str) -> object:
        return self._inline(self._definitions[reference])

    def _inline(self, schema: object) -> Any:
        if not isinstance(schema, Mapping):
            return schema
        self._count += 1
        if self._count > MAX_INLINED:
            raise _TooLargeError
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference in self._definitions:
            if reference in self._recursive:
                self._kept.add(reference)
                return dict(schema)
            siblings = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**_mapping(self._definitions[reference]), **siblings}
            return self._inline(schema)
        return map_subschemas(schema, self._inline)


def _recursive(definitions: Mapping[str, object]) -> frozenset[str]:
    """Return the definitions that contain themselves, directly or indirectly."""
    direct = {name: _references(schema) & set(definitions) for name, schema in definitions.items()}
    return frozenset(name for name in definitions if name in _reachable(name, direct))


def _reachable(name: str, direct: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(direct[name])
    while waiting:
        reference = waiting.pop()
        if reference not in seen:
            seen.add(reference)
            waiting.extend(direct[reference])
    return seen


def _references(schema: object) -> set[str]:
    found: set[str] = set()

    def visit(subschema: object) -> object:
        if isinstance(subschema, Mapping):
            if isinstance(reference := subschema.get("$ref"), str):
                found.add(reference)
            map_subschemas(subschema, visit)
        return subschema

    visit(schema)
    return found


def _strict(schema: object, require_all: bool) -> dict[str, object]:
    if not isinstance(schema, Mapping) or not _TYPED & schema.keys():
        raise _NotStrictError
    if len(_list(schema.get("allOf"))) == 1:  # pydantic's form of a described reference
        schema = {**{k: v for k, v in schema.items() if k != "allOf"}, **schema["allOf"][0]}
    if _NOT_STRICT & schema.keys():
        raise _NotStrictError
    strict = map_subschemas(schema, lambda subschema: _strict(subschema, require_all))
    if "object" in _list(schema.get("type")) or "properties" in schema:
        _close(strict, require_all)
    if "array" in _list(schema.get("type")) and not isinstance(schema.get("items"), Mapping):
        raise _NotStrictError
    return strict


def _close(strict: dict[str, Any], require_all: bool) -> None:
    names = list(_mapping(strict.get("properties")))
    if "properties" not in strict or strict.get("additionalProperties", False) is not False:
        raise _NotStrictError
    if not require_all and set(_list(strict.get("required"))) != set(names):
        raise _NotStrictError
    strict["additionalProperties"] = False
    strict["required"] = names
    if require_all:
        strict["properties"] = {
            name: {key: value for key, value in subschema.items() if key != "default"}
            for name, subschema in strict["properties"].items()
        }


def _list(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
