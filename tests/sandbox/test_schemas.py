"""Schemas of every kind: what is filled satisfies them, what is not a schema is a 400."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from llmaas_sandbox.responder.evidence import Evidence
from llmaas_sandbox.responder.schema import MAX_STEPS, SchemaFiller, fill
from llmaas_sandbox.responder.schema_problems import find_schema_problem

STRING = {"type": "string"}
NODE = {
    "$ref": "#/$defs/Node",
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
            },
            "required": ["value", "next"],
        }
    },
}
EXPRESSION = {
    "$ref": "#/$defs/Expr",
    "$defs": {
        "Expr": {"anyOf": [{"$ref": "#/$defs/Sum"}, {"$ref": "#/$defs/Number"}]},
        "Number": {
            "type": "object",
            "properties": {"value": {"type": "number"}},
            "required": ["value"],
        },
        "Sum": {
            "type": "object",
            "properties": {
                "left": {"$ref": "#/$defs/Expr"},
                "right": {"$ref": "#/$defs/Expr"},
            },
            "required": ["left", "right"],
        },
    },
}
TREE = {
    "$ref": "#/$defs/Tree",
    "$defs": {
        "Tree": {
            "type": "object",
            "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
            "required": ["children"],
        }
    },
}
PAIR = {"a": STRING, "b": {"type": "integer"}}
SATISFIED: dict[str, dict[str, Any]] = {
    "linked list": NODE,
    "expression tree": EXPRESSION,
    "tree": TREE,
    "not": {"type": "string", "not": {"enum": ["Paris"]}},
    "not a number": {"type": "integer", "not": {"const": 0}},
    "contains": {"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 5}},
    "if then": {
        "type": "object",
        "properties": {"kind": {"const": "x"}, **PAIR},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "x"}}},
        "then": {"required": ["a"]},
        "else": {"required": ["b"]},
    },
    "minProperties": {"type": "object", "properties": PAIR, "minProperties": 2},
    "minProperties of a map": {
        "type": "object",
        "additionalProperties": {"type": "integer"},
        "minProperties": 3,
    },
    "exclusive oneOf": {
        "oneOf": [
            {"type": "object", "properties": PAIR},
            {"type": "object", "properties": PAIR, "required": ["a", "b"]},
            {"type": "integer"},
        ]
    },
    "map": {"type": "object", "additionalProperties": {"type": "number"}},
    "required without a property": {"type": "object", "required": ["x"]},
    "unique": {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3},
    "allOf": {"allOf": [{"type": "object", "properties": PAIR}, {"required": ["b"]}]},
    "bounds": {"type": "integer", "minimum": 7, "maximum": 8},
    "pattern": {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"},
}


@pytest.mark.parametrize("kind", SATISFIED)
def test_answer_satisfies_the_schema(chat: Any, kind: str) -> None:
    schema = SATISFIED[kind]
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    heard = chat("Paris 3", model="gemma4:31b", response_format=form)
    assert heard.status == 200, heard.body
    Draft202012Validator(schema).validate(
        json.loads(heard.json["choices"][0]["message"]["content"])
    )


MALFORMED: list[Any] = [
    {"type": "nonsense"},
    {"type": 5},
    {"properties": []},
    {"properties": {"a": 5}},
    {"items": "x"},
    {"anyOf": []},
    {"anyOf": {"a": 1}},
    {"enum": []},
    {"enum": 5},
    {"required": "a"},
    {"required": [1]},
    {"minItems": "3"},
    {"minLength": -1},
    {"minimum": "x"},
    {"multipleOf": 0},
    {"pattern": "("},
    {"pattern": 5},
    {"$ref": "#/nowhere"},
    {"$ref": 5},
    {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "x"}}}},
]


@pytest.mark.parametrize("schema", MALFORMED, ids=json.dumps)
def test_malformed_schema_is_a_400(chat: Any, schema: Any) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert chat("x", response_format=form).status == 400
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    assert chat("x", tools=[tool], tool_choice="required").status == 400


def doubling(levels: int) -> dict[str, Any]:
    defs: dict[str, Any] = {"n0": STRING}
    for i in range(1, levels + 1):
        inner = {"$ref": f"#/$defs/n{i - 1}"}
        defs[f"n{i}"] = {
            "type": "object",
            "properties": {"l": inner, "r": inner},
            "required": ["l", "r"],
        }
    return {"$ref": f"#/$defs/n{levels}", "$defs": defs}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = STRING
    for _ in range(levels):
        schema = {"type": "array", "items": schema, "minItems": 1}
    return schema


ENDLESS: dict[str, dict[str, Any]] = {
    "minItems": {"type": "array", "items": STRING, "minItems": 10_000_000},
    "minItems twice": {
        "type": "array",
        "minItems": 100_000,
        "items": {"type": "array", "items": STRING, "minItems": 100_000},
    },
    "minLength": {"type": "string", "minLength": 1_000_000_000},
    "minProperties": {"type": "object", "minProperties": 1_000_000_000},
    "doubling": doubling(30),
    "itself": {"$ref": "#"},
    "itself in allOf": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
    "required itself": {
        "type": "object",
        "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}},
        "required": ["a", "b"],
    },
    "nested": nested(150),
    "backtracking": {"type": "string", "pattern": "^(a+)+$"},
    "repeated": {"type": "string", "pattern": "(a{1000}){1000}"},
    "not itself": {"not": {"$ref": "#"}, "type": "string"},
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_endless_schema_ends_in_bounded_steps(kind: str) -> None:
    schema = ENDLESS[kind]
    assert find_schema_problem(schema) is None
    filler = SchemaFiller(schema, Evidence("a" * 5_000 + "!"))
    value = filler.value(schema, "", 0)
    assert filler.resolver.steps < 4 * MAX_STEPS
    assert len(json.dumps(value)) < 3_000_000


@pytest.mark.parametrize("kind", ["minItems", "minLength", "doubling"])
def test_endless_schema_is_cut_by_the_budget(chat: Any, kind: str) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": ENDLESS[kind]}}
    heard = chat("x", response_format=form)
    assert heard.json["choices"][0]["finish_reason"] == "length"


def test_schema_of_too_many_parts_is_refused() -> None:
    parts = {f"p{i}": {"type": "array", "items": STRING} for i in range(30_000)}
    assert "more than" in str(find_schema_problem({"properties": parts}))


def test_map_is_not_empty() -> None:
    assert fill({"type": "object", "additionalProperties": {"type": "integer"}}, "Paris 3")
