"""Selection of tools by the words that they share with the question."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeAlias

from llmaas_sandbox.responder.conversation import Message, parse_conversation, tool_results
from llmaas_sandbox.responder.schema import fill
from llmaas_sandbox.responder.words import stems, words

_CLAUSES = re.compile(
    r"\s*(?:;|\?|!|\.\s|\b(?:and|then|et|puis|ensuite|also|ainsi que)\b|\n)\s*", re.IGNORECASE
)
_LIST = re.compile(
    r"[A-ZÀ-Ý][\w\u2019-]+(?:,\s*[A-ZÀ-Ý][\w\u2019-]+)*,?\s+(?:and|et|&)\s+[A-ZÀ-Ý][\w\u2019-]+"
)
_SUM = re.compile(r"\d\s*(?:[-+*/x\u00d7^]|plus|times|minus|fois|moins|et|and)\s*\d", re.IGNORECASE)
_SUM_TOOLS = frozenset(("calculate", "add", "multiply", "math"))
_ENOUGH = 2.0
_MAX_QUESTION, _MAX_CLAUSES, _MAX_CALLS = 20_000, 32, 16
"""Characters, clauses and calls of one request: what a message asks for holds in less."""
_ANSWER = re.compile(
    r"final|answer|result|respon[ds]|output|return|complete|finish|submit|structured|réponse",
    re.IGNORECASE,
)
Tool: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """Tool call; ``arguments`` is JSON text."""

    id: str
    name: str
    arguments: str


def build_tool_calls(messages: Sequence[Message], body: Mapping[str, Any]) -> list[ToolCall]:
    """Build the tool calls that the request needs."""
    tools = [
        t["function"] for t in body.get("tools") or () if isinstance(t.get("function"), Mapping)
    ]
    choice = body.get("tool_choice") or "auto"
    if not tools or choice == "none":
        return []
    question = parse_conversation(messages).question[:_MAX_QUESTION]
    forced = _get_forced_name(choice)
    if forced is not None:
        text = _results_text(messages) or question
        return [_call(tool, text, 0) for tool in tools if tool.get("name") == forced]
    results = tool_results(messages)
    if choice == "auto" and results:
        return []
    done = _called_before(messages)
    found = [_call(tool, text, i) for i, (tool, text) in enumerate(_chosen(tools, question))]
    found = [call for call in found if (call.name, _canonical(call.arguments)) not in done]
    if not found and choice == "required":
        found = [_required(tools, question, messages, done)]
    return found[:1] if body.get("parallel_tool_calls") is False else found


def _required(
    tools: Sequence[Tool], question: str, messages: Sequence[Message], done: set[tuple[str, str]]
) -> ToolCall:
    """Choose a tool where one must be called: once there is a result, one that answers.

    A tool that has its result is not called again with the same arguments.
    """
    results = _results_text(messages)
    if results:
        used = {name for name, _ in done}
        fresh = [t for t in tools if str(t.get("name")) not in used]
        best = max(fresh or tools, key=lambda t: (_answers(t), _score(t, question)))
        return _call(best, results, 0)
    return _call(max(tools, key=lambda t: _score(t, question)), question, 0)


def select_tool(tools: Sequence[Tool], question: str) -> Tool | None:
    """Select the tool that best matches a question, or None."""
    best = max(tools, key=lambda t: _score(t, question), default=None)
    return best if best is not None and _score(best, question) >= _ENOUGH else None


def _answers(tool: Tool) -> bool:
    """Whether a tool hands the answer over, rather than finds something out."""
    return _ANSWER.search(f"{tool.get('name')} {tool.get('description') or ''}") is not None


def _results_text(messages: Sequence[Message]) -> str:
    return "\n".join(text for _, text in tool_results(messages))[:_MAX_QUESTION]


def _called_before(messages: Sequence[Message]) -> set[tuple[str, str]]:
    """Return the calls since the user spoke that have a result: names and arguments."""
    spoke = max((i for i, m in enumerate(messages) if m.get("role") == "user"), default=-1)
    messages = messages[spoke + 1 :]
    answered = {str(m.get("tool_call_id")) for m in messages if m.get("role") == "tool"}
    calls_ = (c for m in messages for c in m.get("tool_calls") or () if isinstance(c, Mapping))
    return {
        (str(c["function"].get("name")), _canonical(c["function"].get("arguments")))
        for c in calls_
        if isinstance(c.get("function"), Mapping) and str(c.get("id")) in answered
    }


def _canonical(arguments: object) -> str:
    """Write arguments in one way: clients send them back with spaces and order of their own."""
    try:
        value = json.loads(arguments) if isinstance(arguments, str) else arguments
        return json.dumps(value, sort_keys=True)
    except (ValueError, RecursionError):
        return str(arguments)


def _get_forced_name(choice: object) -> str | None:
    if isinstance(choice, Mapping):
        function = choice.get("function")
        name = function.get("name") if isinstance(function, Mapping) else choice.get("name")
        return str(name) if name else None
    return None


def _chosen(tools: Sequence[Tool], question: str) -> list[tuple[Tool, str]]:
    found: list[tuple[Tool, str]] = []
    for clause in _clauses(question)[:_MAX_CLAUSES]:
        best = max(tools, key=lambda t: _score(t, clause))
        if _score(best, clause) >= _ENOUGH:
            found.extend((best, text) for text in _one_per_name(best, clause))
    if not found:
        best = max(tools, key=lambda t: _score(t, question))
        if _score(best, question) >= _ENOUGH:
            found = [(best, text) for text in _one_per_name(best, question)]
    return found[:_MAX_CALLS]


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
    return [clause.replace(listed.group(), name) for name in names[:_MAX_CALLS] if name]


def _score(tool: Mapping[str, object], text: str) -> float:
    """Weigh the stems shared with the name (2 each), the description and the parameters (1)."""
    requested = set(stems(text))
    name, rest, parameters = _collect_stems(
        str(tool.get("name") or ""),
        str(tool.get("description") or "")[:_MAX_QUESTION],
        json.dumps(tool.get("parameters") or {}, ensure_ascii=False)[:_MAX_QUESTION],
    )
    score = 2.0 * len(requested & name) + len(requested & rest) + 0.5 * len(requested & parameters)
    return score + (2.0 if _SUM.search(text) and name & _SUM_TOOLS else 0.0)


@lru_cache(maxsize=256)
def _collect_stems(
    name: str, description: str, parameters: str
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    named = frozenset(stems(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)))
    rest = frozenset(stems(description)) - named
    return named, rest, frozenset(stems(parameters)) - named - rest


def _call(tool: Mapping[str, Any], text: str, position: int) -> ToolCall:
    name = str(tool.get("name"))
    schema = tool.get("parameters") or {"type": "object"}
    arguments = json.dumps(fill({"type": "object", **schema}, text), ensure_ascii=False)
    digest = blake2b(
        f"{name}{arguments}{position}".encode("utf-8", "surrogatepass"), digest_size=16
    ).hexdigest()
    return ToolCall(f"chatcmpl-tool-{digest}", name, arguments)
