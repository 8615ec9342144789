"""Parsing of a conversation into question and context."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from llmaas_sandbox.tokens import content_text

Message = Mapping[str, Any]

_LABEL = re.compile(
    r"[ \t]*\**(?:user[ \t]{1,9})?"
    r"(?:question|query|task|request|requête|demande|tâche)\**[ \t]*:[ \t]*\**[ \t]*",
    re.IGNORECASE,
)
"""The line that a question begins on: ``Question: ...``."""
_END = re.compile(
    r"[ \t]*\**(?:answer|réponse|context|contexte|documents?|passages)\**[ \t]*:", re.IGNORECASE
)
"""The line that ends a question."""
_SHORT = 4_000
"""Characters of a prompt that is worth remembering."""
_OPEN, _CLOSE = "<text>", "</text>"


class Question(NamedTuple):
    """Question of a conversation, with its context and instructions."""

    question: str
    context: str
    instructions: str
    """The system messages."""


class Conversation(list[Message]):
    """Messages with a cache for their parsed question."""

    def __init__(self, messages: Sequence[Message]) -> None:
        super().__init__(messages)
        self.last = _last_user_text(messages)
        self.reading = _read(messages, self.last)


def last_user_text(messages: Sequence[Message]) -> str:
    """Return the text of the last user message."""
    return messages.last if isinstance(messages, Conversation) else _last_user_text(messages)


def _last_user_text(messages: Sequence[Message]) -> str:
    for message in reversed(messages):
        if message.get("role") == "user":
            return content_text(message.get("content"))
    return content_text(messages[-1].get("content")) if messages else ""


def delimited_text(messages: Sequence[Message]) -> str:
    """Return the text between tags in the last user message, or an empty string.

    Nothing is requested before it, and nothing in it is meant for the model.
    """
    text = last_user_text(messages).rstrip()
    if not text.endswith(_CLOSE):
        return ""
    requested = text.find("?")
    start = text.rfind(_OPEN, 0, len(text) - len(_CLOSE) if requested < 0 else requested)
    return text[start + len(_OPEN) : -len(_CLOSE)].strip() if start >= 0 else ""


def _marked_question(text: str) -> tuple[str, str] | None:
    """Split a text at its last line that says ``Question:``; None without such a line."""
    lines = text.split("\n")
    at = next((i for i in range(len(lines) - 1, -1, -1) if _matches(_LABEL, lines[i])), None)
    if at is None:
        return None
    label = _LABEL.match(lines[at])
    assert label is not None
    end = next((i for i in range(at + 1, len(lines)) if _matches(_END, lines[i])), len(lines))
    requested = "\n".join([lines[at][label.end() :], *lines[at + 1 : end]]).strip()
    return (requested, "\n".join([*lines[:at], "", *lines[end:]]).strip()) if requested else None


def _matches(pattern: re.Pattern[str], line: str) -> bool:
    return ":" in line and pattern.match(line) is not None


def _blocks(text: str) -> list[str]:
    """Split a text at its blank lines."""
    blocks: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return ["\n".join(block) for block in blocks if block]


def _split_question(text: str) -> tuple[str, str]:
    """Split a prompt into the question and the rest."""
    marked = _marked_question(text)
    if marked:
        return marked
    blocks = _blocks(text.strip())
    if len(blocks) < 2:
        return text.strip(), ""
    asking = [i for i in (len(blocks) - 1, 0) if blocks[i].rstrip(' *"»').endswith("?")]
    at = asking[0] if asking else len(blocks) - 1
    return blocks[at].strip(), "\n\n".join(blocks[:at] + blocks[at + 1 :])


@lru_cache(maxsize=256)
def _split_short(text: str) -> tuple[str, str]:
    """Split a prompt that is read several times for one answer."""
    return _split_question(text)


def parse_conversation(messages: Sequence[Message]) -> Question:
    """Parse a conversation: the last user message is the question, the rest is context."""
    if isinstance(messages, Conversation):
        return messages.reading
    return _read(messages, _last_user_text(messages))


def _read(messages: Sequence[Message], last: str) -> Question:
    question, rest = _split_short(last) if len(last) < _SHORT else _split_question(last)
    if len(messages) == 1 and messages[0].get("role") == "user":
        return Question(question, rest, "")
    instructions = _texts(messages, ("system", "developer"))
    before = _texts(messages, ("user", "tool", "function"), skip_last=last)
    context = "\n\n".join(part for part in (rest, instructions, before) if part)
    return Question(question, context, instructions)


def _texts(messages: Sequence[Message], roles: tuple[str, ...], skip_last: str = "") -> str:
    texts = [content_text(m.get("content")) for m in messages if m.get("role") in roles]
    if skip_last and skip_last in texts:
        texts.remove(skip_last)
    return "\n\n".join(t for t in texts if t)


def tool_results(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """Return (tool name, result) of the tool messages that end the conversation."""
    results: list[tuple[str, str]] = []
    if messages[-1].get("role") not in ("tool", "function"):
        return results
    names = called_names(messages)
    for message in reversed(messages):
        if message.get("role") not in ("tool", "function"):
            break
        name = message.get("name") or names.get(str(message.get("tool_call_id")))
        results.append((str(name or "tool"), content_text(message.get("content"))))
    return results[::-1]


def called_names(messages: Sequence[Message]) -> dict[str, str]:
    """Return the name of the function of each call, by the call's id."""
    names: dict[str, str] = {}
    for message in messages:
        for call in message.get("tool_calls") or ():
            if isinstance(call, Mapping) and isinstance(call.get("function"), Mapping):
                names.setdefault(str(call.get("id")), str(call["function"].get("name")))
    return names
