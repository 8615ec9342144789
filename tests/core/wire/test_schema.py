"""Schemas and names take the form that engines accept."""

import re
import time

import jsonschema
import pytest

from llmaas.wire.schema import inline_definitions, strict_function, strict_schema, wire_name
from llmaas.wire.schema_check import check

TREE = {
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "name": {"$ref": "#/$defs/Name"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            },
            "required": ["name", "children"],
        },
        "Name": {"type": "string"},
    },
    "$ref": "#/$defs/Node",
}


@pytest.mark.parametrize(
    "name", ["City", "Page[int]", "Fiche d'identité", "FicheÉlève", "城市", "", "x" * 80, "a.b/c"]
)
def test_name_is_valid(name):
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", wire_name(name))


def test_names_stay_different_when_characters_are_lost():
    assert len({wire_name(name) for name in ("城市", "天气", "x" * 80, "x" * 81)}) == 4


def test_definitions_are_inlined_when_finite():
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A", "description": "An A."}, "$ref": {"enum": [1]}},
        "$defs": {
            "A": {"anyOf": [{"$ref": "#/$defs/B"}, {"type": "null"}]},
            "B": {"type": "integer"},
        },
    }
    assert inline_definitions(schema) == {
        "type": "object",
        "properties": {
            "a": {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "An A."},
            "$ref": {"enum": [1]},
        },
    }


def test_recursive_definitions_stay_and_the_root_is_an_object():
    inlined = inline_definitions(TREE)
    assert inlined["type"] == "object"
    assert inlined["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}
    assert set(inlined["$defs"]) == {"Node"}
    assert inlined["$defs"]["Node"]["properties"]["name"] == {"type": "string"}


def test_mutually_recursive_definitions_stay():
    a = {"type": "object", "properties": {"b": {"$ref": "#/$defs/B"}}}
    b = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}
    schema = {
        "type": "object",
        "properties": {"x": {"$ref": "#/$defs/A"}},
        "$defs": {"A": a, "B": b},
    }
    assert inline_definitions(schema) == schema


def test_definitions_stay_when_inlining_would_explode():
    definitions = {
        f"D{n}": {
            "anyOf": [{"$ref": f"#/$defs/D{n + 1}"}, {"items": {"$ref": f"#/$defs/D{n + 1}"}}]
        }
        for n in range(40)
    }
    schema = {"$defs": {**definitions, "D40": {"type": "null"}}, "$ref": "#/$defs/D0"}
    assert inline_definitions(schema) == schema


def test_strict_schema_closes_every_object():
    strict = strict_schema(inline_definitions(TREE))
    assert strict["additionalProperties"] is False
    assert strict["$defs"]["Node"]["additionalProperties"] is False


@pytest.mark.parametrize(
    "subschema",
    [
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object"},
        {},
        {"description": "Anything."},
        {"type": "array"},
        {"oneOf": [{"type": "string"}, {"type": "null"}]},
        {"type": "object", "properties": {}, "patternProperties": {"x": {"type": "string"}}},
    ],
)
def test_strict_schema_is_none_when_strict_mode_would_change_it(subschema):
    schema = {"type": "object", "properties": {"a": subschema}, "required": ["a"]}
    assert strict_schema(schema, require_all=True) is None


def test_optional_properties_are_required_only_with_require_all():
    schema = {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}
    assert strict_schema(schema) is None
    strict = strict_schema(schema, require_all=True)
    assert strict["required"] == ["a"]
    assert "default" not in strict["properties"]["a"]


def test_function_is_strict_only_when_its_schema_allows_it():
    parameters = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    strict = strict_function({"function": {"name": "f", "parameters": parameters}})["function"]
    assert strict["strict"] is True
    assert strict["parameters"] == {**parameters, "additionalProperties": False}
    for function in (
        {"name": "f", "parameters": {**parameters, "required": []}},
        {"name": "f", "parameters": parameters, "strict": False},
        {"name": "f"},
    ):
        assert strict_function({"function": function}) == {"function": function}


SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+$", "minLength": 2},
        "size": {"type": ["integer", "null"], "minimum": 0, "exclusiveMaximum": 10},
        "kind": {"enum": ["a", "b", 1]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2, "uniqueItems": True},
        "either": {"anyOf": [{"type": "boolean"}, {"const": 3}]},
        "one": {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 5}]},
        "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        "tree": {"$ref": "#/$defs/Tree"},
        "no": {"not": {"type": "string"}},
    },
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"Tree": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
}


@pytest.mark.parametrize(
    "value",
    [
        {"name": "ab"},
        {},
        [],
        {"name": "A"},
        {"name": "a"},
        {"name": 1},
        {"name": "ab", "other": 1},
        *({"name": "ab", "size": size} for size in (0, 9.0, None, -1, 10, 1.5, True, "1")),
        *({"name": "ab", "kind": kind} for kind in ("a", 1, 1.0, "c", None)),
        *(
            {"name": "ab", "tags": tags}
            for tags in ([], ["x"], ["x", "x"], ["x", "y", "z"], [1], "x")
        ),
        *({"name": "ab", "either": either} for either in (True, 3, 4, "x")),
        *({"name": "ab", "one": one} for one in (1, 5, 5.5, 4.5)),
        *({"name": "ab", "map": map_} for map_ in ({}, {"x": 1}, {"x": "y"})),
        *({"name": "ab", "tree": tree} for tree in ([], [[], [[]]], [[1]], {})),
        *({"name": "ab", "no": no} for no in (1, "x")),
    ],
    ids=str,
)
def test_check_agrees_with_jsonschema(value):
    def is_valid():
        try:
            check(value, SCHEMA)
        except ValueError:
            return False
        return True

    assert is_valid() == jsonschema.Draft202012Validator(SCHEMA).is_valid(value)


@pytest.mark.parametrize("pattern", ["^(b+)+$", "^(a|a)*$", "(x+x+)+y"])
def test_pattern_takes_bounded_time(pattern):
    start = time.process_time()
    with pytest.raises(ValueError, match="pattern"):
        check(
            "b" * 50_000 + "!" if "b" in pattern else "aaaaxxxx" * 5_000 + "!", {"pattern": pattern}
        )
    assert time.process_time() - start < 1


def test_check_is_bounded_when_references_loop():
    check({}, {"$ref": "#"})
    check({}, {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]})
