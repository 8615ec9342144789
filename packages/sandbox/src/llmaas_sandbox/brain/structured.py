"""JSON answers, for ``response_format`` and for prompts that spell a schema out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from llmaas_sandbox.brain.conversation import Message, material, read
from llmaas_sandbox.brain.evidence import Evidence
from llmaas_sandbox.brain.extract import best_sentences, quote
from llmaas_sandbox.brain.replies import answer
from llmaas_sandbox.brain.schema import MAX_TEXT, fill, schema_in
from llmaas_sandbox.brain.strings import fill_string

_NAMES = r"((?:[\"'`][\w-]{1,60}[\"'`](?:,| and| et|\s){0,8}){1,40})"
_WORD = r"(?:keys?|fields?|properties|clés?|champs?)\b"
_KEYS = re.compile(rf"{_WORD}[^\"'`\n]{{0,40}}{_NAMES}|{_NAMES}{_WORD}", re.IGNORECASE)
"""Keys named in a sentence: ``with the keys "a" and "b"``, ``with 'a' and 'b' keys``."""


def wants_json(body: Any) -> bool:
    """Tell whether the request names a JSON ``response_format``."""
    wanted = body.get("response_format") if isinstance(body, Mapping) else None
    return isinstance(wanted, Mapping) and wanted.get("type") in ("json_object", "json_schema")


def json_answer(messages: Sequence[Message], body: Mapping[str, Any]) -> str | None:
    """Return a JSON text when the request or its prompt asks for one."""
    reading = read(messages)
    wanted = body.get("response_format")
    form = wanted if isinstance(wanted, Mapping) else {}
    schema = (
        form.get("json_schema", {}).get("schema") if form.get("type") == "json_schema" else None
    )
    prompt = f"{reading.instructions}\n{reading.question}\n{reading.context}"[:MAX_TEXT]
    if schema is None:
        schema = schema_in(prompt) if "json" in prompt.lower() else None
    if schema is not None:
        return json.dumps(fill(schema, _source(messages)), ensure_ascii=False)
    return _free(messages, prompt) if form.get("type") == "json_object" else None


def _source(messages: Sequence[Message]) -> str:
    """Return the text to fill a schema from: what was asked, and what best answers it."""
    if text := material(messages):
        return text
    reading = read(messages)
    question = _without_schema(reading.question)
    context = _without_schema(reading.context)
    if not question and context:
        return context
    quoted = quote(best_sentences(question, context)) if context else ""
    return quoted if quoted and question.rstrip().endswith("?") else question


def _without_schema(text: str) -> str:
    """Drop the schema and the lines that talk about JSON, so that they fill nothing."""
    kept = [line for line in _without_braces(text).splitlines() if "json" not in line.lower()]
    return "\n".join(kept).strip()


def _without_braces(text: str) -> str:
    start, end = text.find("{"), text.rfind("}")
    return text[:start] + text[end + 1 :] if 0 <= start < end else text


def _free(messages: Sequence[Message], prompt: str) -> str:
    named = _KEYS.search(prompt)
    if not named:
        return json.dumps({"answer": answer(messages)}, ensure_ascii=False)
    evidence = Evidence(_source(messages))
    keys = re.findall(r"[\"'`]([\w-]+)[\"'`]", named[1] or named[2])
    return json.dumps({key: fill_string({}, key, evidence) for key in keys}, ensure_ascii=False)
