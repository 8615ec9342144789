"""Answers in DSPy's formats: output fields under markers, or one JSON object."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llmaas_sandbox.responder.conversation import Message
from llmaas_sandbox.responder.schema import fill
from llmaas_sandbox.responder.schema_problems import find_schema_problem
from llmaas_sandbox.responder.tools import select_tool

Answer = Callable[[Sequence[Message]], str]

_ASKED = "Respond with the corresponding output fields"
_ASKED_JSON = "Respond with a JSON object in the following order of fields:"
_OUTPUTS = "Outputs will be a JSON object with the following fields."
_NOTED = re.compile(
    r"the value you produce must (?:"
    r"adhere to the JSON schema: (?P<schema>.+)"
    r"|exactly match \(no extra characters\) one of: (?P<options>.+)"
    r"|be a single (?P<type>\w+) value"
    r"|be (?P<bool>True or False))",
    re.DOTALL,
)
_NAMED = re.compile(r"`(\w{1,60})`")
_FIELD = re.compile(r"\[\[ ## (\w{1,60}) ## \]\]")
_TYPED = re.compile(
    r"\[\[ ## (\w{1,60}) ## \]\]`? ?\(must be formatted as a valid Python "
    r"(Literal\[[^\]]{1,2000}\]|\w+)"
)
_TOOL = re.compile(
    r"^\s{0,20}\(\d{1,3}\) (?P<name>\w{1,100}), whose description is "
    r"<desc>(?P<description>[^<]{0,2000})</desc>\. "
    r"It takes arguments (?P<arguments>\{.*\})\.[ \t]{0,9}$",
    re.MULTILINE,
)
_TYPES = {"int": "integer", "float": "number", "bool": "boolean"}
_LAST = "finish"
"""The tool of DSPy's ReAct that ends a task."""


def is_dspy_prompt(text: str) -> bool:
    """Whether a user message requests marked output fields."""
    return _ASKED in text and _FIELD.search(text) is not None


def is_dspy_json_prompt(text: str) -> bool:
    """Whether a user message requests a JSON object of output fields."""
    return _ASKED_JSON in text and _FIELD.search(text) is not None


def extract_question(requested: str) -> str:
    """Extract the input fields of a user message, without their markers."""
    given = requested.partition(_ASKED_JSON)[0].partition(_ASKED)[0]
    return "\n\n".join(_inputs(given).values())


def _inputs(given: str) -> dict[str, str]:
    parts = _FIELD.split(given)
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=False)}


def build_json_object(requested: str, prompt: str, answer: Answer) -> str:
    """Write the output fields as one JSON object, each as its note in the prompt wants it."""
    given, _, wanted = requested.partition(_ASKED_JSON)
    inputs, question = _inputs(given), extract_question(requested)
    stated = answer([{"role": "user", "content": question}])
    names = list(dict.fromkeys(_NAMED.findall(wanted)))
    acted = _acted(prompt, inputs) if "next_tool_name" in names else {}
    schemas = _read_schemas(prompt)
    values = {n: acted.get(n) or _value(n, schemas.get(n), question, stated) for n in names}
    if acted:
        values["next_tool_args"] = json.loads(acted["next_tool_args"])
    return json.dumps(values, ensure_ascii=False)


def _read_schemas(prompt: str) -> dict[str, Mapping[str, object]]:
    """Return the schemas of the output fields that a prompt has notes about."""
    described = prompt.partition(_OUTPUTS)[2].strip()
    try:
        notes, _ = json.JSONDecoder().raw_decode(described)
    except (ValueError, RecursionError):
        return {}
    texts = notes.items() if isinstance(notes, dict) else ()
    found = {name: _read_schema(text) for name, text in texts if isinstance(text, str)}
    return {name: schema for name, schema in found.items() if schema is not None}


def _read_schema(text: str) -> Mapping[str, object] | None:
    note = _NOTED.search(text[:20_000])
    if note is None:
        return None
    if note["options"]:
        return {"enum": note["options"].strip().split("; ")}
    if note["schema"] is None:
        return _schema("bool" if note["bool"] else note["type"])
    try:
        schema = json.loads(note["schema"])
    except (ValueError, RecursionError):
        return None
    return None if not isinstance(schema, dict) or find_schema_problem(schema) else schema


def build_fields(requested: str, prompt: str, answer: Answer) -> str:
    """Write each output field under its marker."""
    given, _, wanted = requested.partition(_ASKED)
    inputs, question = _inputs(given), extract_question(requested)
    stated = answer([{"role": "user", "content": question}])
    acted = _acted(prompt, inputs) if "next_tool_name" in wanted else {}
    kinds = dict(_TYPED.findall(wanted))
    names = [name for name in _FIELD.findall(wanted) if name != "completed"]
    values = {n: acted.get(n) or _field(n, kinds.get(n, ""), question, stated) for n in names}
    texts = [f"[[ ## {name} ## ]]\n{text}" for name, text in values.items()]
    return "\n\n".join([*texts, "[[ ## completed ## ]]"])


def _field(name: str, kind: str, question: str, stated: str) -> str:
    value = _value(name, _schema(kind), question, stated)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(name: str, schema: Mapping[str, Any] | None, question: str, stated: str) -> Any:
    """Fill a field that has a schema; say the answer in any other."""
    if schema is not None:
        whole = {"properties": {name: schema}, "required": [name], "$defs": schema.get("$defs", {})}
        return fill(whole, question)[name]
    return "The answer stands in the inputs." if name in ("reasoning", "rationale") else stated


def _schema(kind: str) -> Mapping[str, object] | None:
    """Return the schema of a Python type; None for a text."""
    if kind.startswith("Literal["):
        return {"enum": [part.strip(" '\"") for part in kind[8:-1].split(",")]}
    if kind in ("list", "dict"):
        return {"type": "array" if kind == "list" else "object", "items": {"type": "string"}}
    return {"type": _TYPES[kind]} if kind in _TYPES else None


def _acted(prompt: str, inputs: Mapping[str, str]) -> dict[str, str]:
    """Choose the next tool of ReAct: one that the question asks for, until it has a result."""
    tools = [_tool(found) for found in list(_TOOL.finditer(prompt))[:50]]
    tools = [tool for tool in tools if tool["name"] != _LAST]
    question = inputs.get("question") or next(iter(inputs.values()), "")
    tool = None if "observation_0" in inputs else select_tool(tools, question)
    if tool is None:
        return {
            "next_thought": "I have what I need.",
            "next_tool_name": _LAST,
            **_to_tool_arguments({}),
        }
    created = fill(tool["parameters"], question)
    return {
        "next_thought": "I need a tool.",
        "next_tool_name": tool["name"],
        **_to_tool_arguments(created),
    }


def _to_tool_arguments(arguments: object) -> dict[str, str]:
    return {"next_tool_args": json.dumps(arguments, ensure_ascii=False)}


def _tool(found: re.Match[str]) -> Mapping[str, object]:
    try:
        properties = ast.literal_eval(found["arguments"][:5_000])
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        properties = {}
    known = properties if isinstance(properties, dict) else {}
    known = {str(name): schema for name, schema in known.items() if isinstance(schema, dict)}
    schema = {"type": "object", "properties": known, "required": list(known)}
    if find_schema_problem(schema):
        schema = {"type": "object"}
    return {"name": found["name"], "description": found["description"], "parameters": schema}
