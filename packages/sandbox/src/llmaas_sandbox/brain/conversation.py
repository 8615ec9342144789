"""Reading a conversation: what is asked, and what there is to answer from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmaas_sandbox.tokens import content_text

Message = Mapping[str, Any]

_MARKED_QUESTION = re.compile(
    r"(?:^|\n)\s*\**(?:user\s+)?(?:question|query|task|request|requête|demande|tâche)\**\s*:\s*\**\s*"
    r"(?P<asked>.+?)(?=\n\s*\**(?:answer|réponse|context|contexte|documents?|passages)\**\s*:|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_MATERIAL = re.compile(r"\A[^?]*<text>\s*(?P<inside>.+)</text>\s*\Z", re.DOTALL)
"""A text to work on: nothing is asked before it, and nothing in it is meant for the model."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The question and the text around it."""

    question: str
    context: str
    instructions: str
    """The system messages."""


def last_user_text(messages: Sequence[Message]) -> str:
    """Return the text of the last user message."""
    for message in reversed(messages):
        if message.get("role") == "user":
            return content_text(message.get("content"))
    return content_text(messages[-1].get("content")) if messages else ""


def material(messages: Sequence[Message]) -> str:
    """Return the text that the last user message hands over between tags, or an empty one."""
    found = _MATERIAL.search(last_user_text(messages))
    return found["inside"].strip() if found else ""


def _split_question(text: str) -> tuple[str, str]:
    """Split a prompt into the question and the rest."""
    marked = list(_MARKED_QUESTION.finditer(text))
    if marked:
        last = marked[-1]
        return last["asked"].strip(), (text[: last.start()] + "\n" + text[last.end() :]).strip()
    blocks = [b for b in re.split(r"\n\s*\n", text.strip()) if b.strip()]
    if len(blocks) < 2:
        return text.strip(), ""
    asking = [i for i in (len(blocks) - 1, 0) if blocks[i].rstrip(' *"»').endswith("?")]
    at = asking[0] if asking else len(blocks) - 1
    return blocks[at].strip(), "\n\n".join(blocks[:at] + blocks[at + 1 :])


def read(messages: Sequence[Message]) -> Reading:
    """Read a conversation: the last user message asks, everything else may answer."""
    last = last_user_text(messages)
    question, rest = _split_question(last)
    instructions = _texts(messages, ("system", "developer"))
    before = _texts(messages, ("user", "tool", "function"), skip_last=last)
    context = "\n\n".join(part for part in (rest, instructions, before) if part)
    return Reading(question, context, instructions)


def _texts(messages: Sequence[Message], roles: tuple[str, ...], skip_last: str = "") -> str:
    texts = [content_text(m.get("content")) for m in messages if m.get("role") in roles]
    if skip_last and skip_last in texts:
        texts.remove(skip_last)
    return "\n\n".join(t for t in texts if t)


def tool_results(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """Return (tool name, result) of the tool messages that end the conversation."""
    results: list[tuple[str, str]] = []
    for message in reversed(messages):
        if message.get("role") not in ("tool", "function"):
            break
        name = message.get("name") or _called_name(messages, message.get("tool_call_id"))
        results.insert(0, (str(name or "tool"), content_text(message.get("content"))))
    return results


def _called_name(messages: Sequence[Message], call_id: Any) -> str | None:
    for message in messages:
        for call in message.get("tool_calls") or ():
            if isinstance(call, Mapping) and call.get("id") == call_id:
                return str((call.get("function") or {}).get("name"))
    return None
