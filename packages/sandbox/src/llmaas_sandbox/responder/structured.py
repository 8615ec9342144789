"""JSON answers for ``response_format`` and for schemas in a prompt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llmaas_sandbox.responder import dspy
from llmaas_sandbox.responder.conversation import (
    Message,
    delimited_text,
    last_user_text,
    parse_conversation,
)
from llmaas_sandbox.responder.extract import best_sentences, cite_sentences
from llmaas_sandbox.responder.formats import detect_format, parse_head
from llmaas_sandbox.responder.replies import build_reply
from llmaas_sandbox.responder.schema import MAX_TEXT, fill
from llmaas_sandbox.responder.schema_search import find_schema
from llmaas_sandbox.responder.words import sentences

_NAMES = r"((?:[\"'`][\w-]{1,60}[\"'`](?:,| and| et|\s){0,8}){1,40})"
_WORD = r"(?:keys?|fields?|properties|clés?|champs?)\b"
_KEYS = re.compile(rf"{_WORD}[^\"'`\n]{{0,40}}{_NAMES}|{_NAMES}{_WORD}", re.IGNORECASE)
_BARE = re.compile(
    rf"{_WORD}(?::\s{{0,3}}|\s)"
    r"(?P<names>(?:\w{1,40}(?:,\s?|\s(?:and|et)\s)){1,20}\w{1,40})",
    re.IGNORECASE,
)
_AND = re.compile(r"\s(?:and|et)\s")
_NUMERIC = re.compile(
    r"^(?:age|count|number|total|amount|quantity|year|price|score|celsius|degrees)$", re.IGNORECASE
)
_KINDS: Mapping[str, Any] = {
    "boolean": bool,
    "integer": int,
    "number": float,
    "array": list,
    "object": dict,
    "null": type(None),
}
"""Keys named in a sentence: ``with the keys "a" and "b"``, ``with 'a' and 'b' keys``."""


def wants_json(body: object) -> bool:
    """Whether the request names a JSON ``response_format``."""
    requested = body.get("response_format") if isinstance(body, Mapping) else None
    return isinstance(requested, Mapping) and requested.get("type") in (
        "json_object",
        "json_schema",
    )


def build_json(messages: Sequence[Message], body: Mapping[str, object]) -> str | None:
    """Build a JSON text if the request or its prompt requires one, otherwise return None."""
    reading = parse_conversation(messages)
    requested = body.get("response_format")
    form = requested if isinstance(requested, Mapping) else {}
    schema = (
        form.get("json_schema", {}).get("schema") if form.get("type") == "json_schema" else None
    )
    if schema is None and dspy.is_dspy_json_prompt(last_user_text(messages)):
        return dspy.build_json_object(last_user_text(messages), parse_head(messages), build_reply)
    prompt = f"{reading.instructions}\n{reading.question}\n{reading.context}"[:MAX_TEXT]
    if schema is None and "json" in prompt.lower() and (form or not detect_format(messages)):
        schema = find_schema(prompt)  # a format tells of its tools' schemas
    if schema is not None:
        return json.dumps(fill(schema, _source(messages)), ensure_ascii=False)
    return _free(messages, prompt) if form.get("type") == "json_object" else None


def _source(messages: Sequence[Message]) -> str:
    """Return the text to fill a schema from: the question and its best answer."""
    if text := delimited_text(messages):
        return text
    last = last_user_text(messages)
    if dspy.is_dspy_json_prompt(last):
        return dspy.extract_question(last)
    reading = parse_conversation(messages)
    question = _without_schema(reading.question)
    context = _without_schema(reading.context)
    if not question and context:
        return context
    quoted = cite_sentences(best_sentences(question, context)) if context else ""
    return quoted if quoted and question.rstrip().endswith("?") else question


def _without_schema(text: str) -> str:
    """Drop the schema and the lines that talk about JSON, so that they fill nothing."""
    lines = (
        line if "json" not in line.lower() else " ".join(_without_json(line))
        for line in _without_braces(text).splitlines()
    )
    return "\n".join(lines).strip()


def _without_json(line: str) -> Iterator[str]:
    return (sentence for sentence in sentences(line) if "json" not in sentence.lower())


def _without_braces(text: str) -> str:
    start, end = text.find("{"), text.rfind("}")
    return text[:start] + text[end + 1 :] if 0 <= start < end else text


def _free(messages: Sequence[Message], prompt: str) -> str:
    keys = _keys(prompt)
    if not keys:
        return json.dumps({"answer": build_reply(messages)}, ensure_ascii=False)
    schema = {"type": "object", "properties": keys, "required": list(keys)}
    return json.dumps(fill(schema, _source(messages)), ensure_ascii=False)


def _keys(prompt: str) -> dict[str, dict[str, object]]:
    """Return the keys that a prompt names, each with a schema: by an example, or in words."""
    start, end = prompt.find("{"), prompt.rfind("}")
    if 0 <= start < end:
        try:
            example = json.loads(prompt[start : end + 1])
        except (ValueError, RecursionError):
            example = None
        if isinstance(example, dict) and example:
            return {key: _infer_schema(value, key) for key, value in example.items()}
    named = _KEYS.search(prompt)
    if named:
        names = re.findall(r"[\"'`]([\w-]+)[\"'`]", named[1] or named[2])
    else:
        bare = _BARE.search(prompt)
        names = re.findall(r"\w+", _AND.sub(",", bare["names"])) if bare else []
    return {name: _infer_schema("", name) for name in names}


def _infer_schema(value: Any, key: str) -> dict[str, Any]:
    """Return a schema for values like one of an example; some names want a number."""
    kind = next((kind for kind, types in _KINDS.items() if isinstance(value, types)), "string")
    if kind == "string" and _NUMERIC.search(key):
        kind = "integer"
    return {"type": kind, "items": {"type": "string"}} if kind == "array" else {"type": kind}
