"""Structured output: the ``response_format`` of requests and the parsing of answers.

A model may honor ``response_format``, ignore it, or fail because of it; the service's own
sources contradict each other. The schema is therefore sent first. If the service refuses it, an
instruction describes it. Fences and words around the JSON are removed, and an answer that does
not match is returned to the model once, with the validation error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from llmaas.finish_reasons import TRUNCATED
from llmaas.messages import Message, add_instruction, content_text
from llmaas.output_types import output_type
from llmaas.types import Choice, Completion
from llmaas.wire.json_text import (
    Candidate,
    JSONFilter,
    candidates,
    ends_with_json,
    extract_json,
    json_part,
)
from llmaas.wire.schema import inline_definitions, strict_schema, wire_name
from llmaas.wire.schema_check import check

__all__ = [
    "CUT",
    "JSONFilter",
    "OutputSchema",
    "extract_json",
    "fill_parsed",
    "find_mismatch",
    "is_cut",
    "json_part",
    "json_schema_format",
    "mention_json",
    "parse_response_format",
    "wants_json",
]

_JSON_WORDS = "Answer with one JSON object and nothing else: no fence, no explanation."
_AFTER_TOOLS = (
    "Call tools as long as you need them. When no further call is needed, answer with one JSON "
    "object and nothing else: no fence, no explanation."
)
CUT = TRUNCATED
"""Finish reasons of truncated answers."""

_SCHEMA_KEYS = frozenset(("properties", "$ref", "$defs", "anyOf", "oneOf", "allOf", "enum"))
_SCHEMA_TYPES = frozenset(("object", "array", "string", "number", "integer", "boolean", "null"))
_MAX_TRIED = 200
"""Maximum number of candidates in a text that are validated."""


@dataclass(frozen=True, slots=True)
class OutputSchema:
    """Schema of an answer: the ``response_format`` to send and the parser of the text."""

    response_format: Mapping[str, Any]
    schema: Mapping[str, Any] | None
    convert: Callable[[Any], Any] | None = None
    """Converts a JSON value to an instance of the given type; raises ``ValueError``."""

    def parse(self, text: str, *, cut: bool = False) -> Any:
        """Parse the value in a text.

        Of several JSON values, the first that matches the schema is returned. An answer that was
        ``cut`` has a value only if its JSON is complete.

        Raises ``ValueError`` with the first problem if no value matches.
        """
        return self.parse_with_source(text, cut=cut)[1]

    def parse_with_source(self, text: str, *, cut: bool = False) -> tuple[str, Any]:
        """Parse the value in a text; return its JSON as the model wrote it, and the value."""
        candidate, value = self._best(text, cut=cut)
        return candidate.as_json(), value

    def _best(self, text: str, *, cut: bool) -> tuple[Candidate, Any]:
        problem: ValueError | None = None
        for tried, candidate in enumerate(candidates(text, cut=cut)):
            try:
                return candidate, self.validate(candidate.value)
            except ValueError as error:
                problem = problem or error
            if tried == _MAX_TRIED:
                break
        raise problem or ValueError("the answer contains no JSON")

    def validate(self, value: object) -> Any:
        """Validate a JSON value against the schema and convert it; raise ``ValueError``."""
        if self.convert is not None:
            return self.convert(value)
        if self.schema is not None:
            check(value, self.schema)
        elif not isinstance(value, dict):
            raise ValueError(f"the answer must be a JSON object, got {type(value).__name__}")
        return value

    def to_instruction(self, *, after_tools: bool = False) -> str:
        """Build the instruction that replaces ``response_format``."""
        words = _AFTER_TOOLS if after_tools else _JSON_WORDS
        if self.schema is None:
            return words
        schema = json.dumps(self.schema, ensure_ascii=False)
        return f"{words} It must match this JSON schema:\n{schema}"


def wants_json(response_format: object) -> bool:
    """Whether a ``response_format`` requests JSON; ``{"type": "text"}`` requests plain text."""
    is_text = isinstance(response_format, Mapping) and response_format.get("type") == "text"
    return response_format is not None and not is_text


def parse_response_format(response_format: object) -> OutputSchema | None:
    """Parse a ``response_format``: a dict in OpenAI's format, a JSON schema or a type.

    Types are pydantic models, dataclasses, ``TypedDict`` and classes with annotations. Returns
    None for formats without a schema.

    Raises ``InvalidInputError`` for other values.
    """
    if response_format is None:
        return None
    if isinstance(response_format, Mapping):
        return _parse_mapping(response_format)
    parse = _parse_type if isinstance(response_format, Hashable) else _parse_type.__wrapped__
    return parse(response_format)


@lru_cache(maxsize=64)
def _parse_type(kind: Any) -> OutputSchema:
    read = output_type(kind)
    return OutputSchema(json_schema_format(read.name, read.schema), read.schema, read.convert)


def json_schema_format(name: str, schema: Mapping[str, object], *, strict: bool = True) -> Any:
    """Build a ``response_format`` of type ``json_schema``.

    It is ``strict`` only if strict mode supports the schema (a map would have to stay empty).
    """
    schema = inline_definitions(schema)
    closed = strict_schema(schema, require_all=True) if strict else None
    described: dict[str, Any] = {"name": wire_name(name), "schema": closed or schema}
    if closed is not None or not strict:
        described["strict"] = strict
    return {"type": "json_schema", "json_schema": described}


def mention_json(messages: Sequence[Message], instruction: str = _JSON_WORDS) -> Sequence[Message]:
    """Add an instruction where no message contains the word JSON.

    OpenAI refuses ``json_object`` without it, and other engines write endless white space.
    """
    if any("json" in content_text(message.get("content")).lower() for message in messages):
        return messages
    return add_instruction(messages, instruction)


def is_cut(completion: Completion | Choice) -> bool:
    """Whether an answer was truncated."""
    return completion.finish_reason in CUT


def fill_parsed(
    completion: Completion, schema: OutputSchema, *, streamed: bool = False
) -> Completion:
    """Set ``parsed`` if the answer matches the schema, and reduce its text to the JSON.

    JSON that a reasoning parser classified as reasoning becomes the text (vLLM does so with
    grammar-constrained answers). The text of a ``streamed`` answer stays as it was emitted.
    """
    if completion.tool_calls:
        return completion
    choices = tuple(_recover_from_reasoning(choice, schema) for choice in completion.choices)
    read = [_try_parse(choice, schema) for choice in choices]
    if not streamed:
        choices = tuple(
            replace(choice, content=found[0]) if found and found[0] != choice.content else choice
            for choice, found in zip(choices, read, strict=True)
        )
    parsed = read[0][1] if read and read[0] else None
    return replace(completion, choices=choices, parsed=parsed)


def _try_parse(choice: Choice, schema: OutputSchema) -> tuple[str, Any] | None:
    """Return the JSON of an answer and its value; None if it does not match."""
    if not choice.content:
        return None
    try:
        return schema.parse_with_source(choice.content, cut=is_cut(choice))
    except ValueError:
        return None


def find_mismatch(completion: Completion, schema: OutputSchema) -> ValueError | None:
    """Return the validation error of an answer, or None if it matches the schema."""
    if completion.parsed is not None:
        return None
    try:
        schema.parse(completion.text, cut=is_cut(completion))
    except ValueError as error:
        return error
    return None


def _recover_from_reasoning(choice: Choice, schema: OutputSchema) -> Choice:
    if (
        (choice.content or "").strip()
        or choice.tool_calls
        or not choice.reasoning
        or is_cut(choice)
    ):
        return choice
    found = ends_with_json(choice.reasoning)
    before = choice.reasoning[: found.start].strip(" \t\r\n`") if found else ""
    if found is None or (before and schema.schema is None):
        return choice
    try:
        schema.validate(found.value)
    except ValueError:
        return choice
    return replace(choice, content=found.as_json(), reasoning=before or None)


def _parse_mapping(response_format: Mapping[str, Any]) -> OutputSchema | None:
    kind = response_format.get("type")
    if kind == "json_schema":
        return _parse_json_schema(response_format)
    if kind == "json_object":
        return OutputSchema(response_format, response_format.get("schema"))
    if _SCHEMA_KEYS & response_format.keys() or _is_schema_type(kind):
        sent = json_schema_format(str(response_format.get("title", "answer")), response_format)
        return OutputSchema(sent, response_format)
    return None


def _is_schema_type(kind: object) -> bool:
    """Whether a ``type`` is that of a JSON schema, not of a ``response_format``."""
    return isinstance(kind, list) or (isinstance(kind, str) and kind in _SCHEMA_TYPES)


def _parse_json_schema(response_format: Mapping[str, object]) -> OutputSchema:
    given = response_format.get("json_schema")
    if not isinstance(given, Mapping) or not isinstance(schema := given.get("schema"), Mapping):
        return OutputSchema(response_format, None)
    name = str(given.get("name") or schema.get("title") or "answer")
    sent = {**given, "name": wire_name(name)}
    if "$defs" in schema or "definitions" in schema:
        sent["schema"] = inline_definitions(schema)
    if sent == given:
        return OutputSchema(response_format, schema)
    return OutputSchema({**response_format, "json_schema": sent}, schema)
