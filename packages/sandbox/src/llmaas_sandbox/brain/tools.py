"""Choosing tools: by the words that the question shares with their names and descriptions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from llmaas_sandbox.brain.conversation import Message, read, tool_results
from llmaas_sandbox.brain.schema import fill
from llmaas_sandbox.brain.words import stems, words

_CLAUSES = re.compile(
    r"\s*(?:;|\?|!|\.\s|\b(?:and|then|et|puis|ensuite|also|ainsi que)\b|\n)\s*", re.IGNORECASE
)
_LIST = re.compile(
    r"[A-ZÀ-Ý][\w\u2019-]+(?:,\s*[A-ZÀ-Ý][\w\u2019-]+)*,?\s+(?:and|et|&)\s+[A-ZÀ-Ý][\w\u2019-]+"
)
_SUM = re.compile(r"\d\s*(?:[-+*/x\u00d7^]|plus|times|minus|fois|moins|et|and)\s*\d", re.IGNORECASE)
_SUM_TOOLS = frozenset(("calculate", "add", "multiply", "math"))
_ENOUGH = 2.0


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call: ``arguments`` is JSON text."""

    id: str
    name: str
    arguments: str


def calls(messages: Sequence[Message], body: Mapping[str, Any]) -> list[Call]:
    """Return the calls that the request asks for: none, one, or one per thing asked."""
    tools = [
        t["function"] for t in body.get("tools") or () if isinstance(t.get("function"), Mapping)
    ]
    choice = body.get("tool_choice") or "auto"
    if not tools or choice == "none":
        return []
    question = read(messages).question
    forced = _named(choice)
    if forced is not None:
        return [_call(tool, question, 0) for tool in tools if tool.get("name") == forced]
    if choice == "auto" and tool_results(messages):
        return []
    found = _chosen(tools, question)
    if not found and choice == "required":
        found = [(max(tools, key=lambda t: _score(t, question)), question)]
    if body.get("parallel_tool_calls") is False:
        found = found[:1]
    return [_call(tool, text, i) for i, (tool, text) in enumerate(found)]


def _named(choice: Any) -> str | None:
    if isinstance(choice, Mapping):
        function = choice.get("function")
        name = function.get("name") if isinstance(function, Mapping) else choice.get("name")
        return str(name) if name else None
    return None


def _chosen(
    tools: Sequence[Mapping[str, Any]], question: str
) -> list[tuple[Mapping[str, Any], str]]:
    found: list[tuple[Mapping[str, Any], str]] = []
    for clause in _clauses(question):
        best = max(tools, key=lambda t: _score(t, clause))
        if _score(best, clause) >= _ENOUGH:
            found.extend((best, text) for text in _one_per_name(best, clause))
    if not found:
        best = max(tools, key=lambda t: _score(t, question))
        if _score(best, question) >= _ENOUGH:
            found = [(best, text) for text in _one_per_name(best, question)]
    return found


def _clauses(question: str) -> list[str]:
    """Split at "and" and full stops, but keep lists of names and sums whole."""
    kept = _LIST.sub(lambda m: re.sub(r"\s+(?:and|et|&)\s+", "\x00", m.group()), question)
    kept = re.sub(r"(\d)\s+(?:and|et)\s+(\d)", "\\1\x00\\2", kept)
    clauses = [c.replace("\x00", " and ").strip() for c in _CLAUSES.split(kept)]
    return [c for c in clauses if len(words(c)) > 1]


def _one_per_name(tool: Mapping[str, Any], clause: str) -> list[str]:
    """Repeat a clause for each name of a list, when the tool takes one string at a time."""
    listed = _LIST.search(clause)
    properties = (tool.get("parameters") or {}).get("properties") or {}
    kinds = [p.get("type") for p in properties.values() if isinstance(p, Mapping)]
    if listed is None or "array" in kinds or "string" not in kinds:
        return [clause]
    names = re.split(r",\s*|\s+(?:and|et|&)\s+", listed.group())
    return [clause.replace(listed.group(), name) for name in names if name]


def _score(tool: Mapping[str, Any], text: str) -> float:
    """Weigh the stems shared with the name (2 each), the description and the parameters (1)."""
    asked = set(stems(text))
    name = set(stems(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(tool.get("name") or ""))))
    rest = set(stems(str(tool.get("description") or ""))) - name
    parameters = (
        set(stems(json.dumps(tool.get("parameters") or {}, ensure_ascii=False))) - name - rest
    )
    score = 2.0 * len(asked & name) + len(asked & rest) + 0.5 * len(asked & parameters)
    return score + (2.0 if _SUM.search(text) and name & _SUM_TOOLS else 0.0)


def _call(tool: Mapping[str, Any], text: str, position: int) -> Call:
    name = str(tool.get("name"))
    schema = tool.get("parameters") or {"type": "object"}
    arguments = json.dumps(fill({"type": "object", **schema}, text), ensure_ascii=False)
    digest = blake2b(f"{name}{arguments}{position}".encode(), digest_size=16).hexdigest()
    return Call(f"chatcmpl-tool-{digest}", name, arguments)
