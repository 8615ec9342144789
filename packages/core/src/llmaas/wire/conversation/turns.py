"""Order of turns for strict chat templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from llmaas.wire.conversation.contents import Message, assistant, join_contents, user
from llmaas.wire.conversation.family import Family
from llmaas.wire.conversation.notes import Notes

BRIDGE = "Noted."
"""Assistant text between a tool result and a user message, if the template requires one."""
START = "(The conversation begins.)"
GO_ON = "Continue."


def split(messages: Iterable[Message], family: Family, notes: Notes) -> list[Message]:
    """Split messages whose parallel calls, or text beside calls, the template would drop."""
    out: list[Message] = []
    results: dict[str, Message] = {}
    messages = list(messages)
    if not family.parallel_calls:
        results = {m["tool_call_id"]: m for m in messages if m["role"] == "tool"}
    moved: set[str] = set()
    for message in messages:
        calls = message.get("tool_calls")
        if not calls:
            if message["role"] != "tool" or message["tool_call_id"] not in moved:
                out.append(message)
            continue
        if message.get("content") and not family.text_beside_calls:
            notes.add("text_beside_calls")
            out.append(assistant(message["content"]))
            message = {**message, "content": None}
        if len(calls) == 1 or family.parallel_calls:
            out.append(message)
            continue
        notes.add("parallel_calls", len(calls) - 1)
        for round_ in _rounds(message, calls):
            id_ = round_["tool_calls"][0]["id"]
            moved.add(id_)
            out += [round_, results[id_]]
    return out


def _rounds(message: Message, calls: list[object]) -> Iterator[Message]:
    yield {**message, "tool_calls": calls[:1]}
    for call in calls[1:]:
        yield {"role": "assistant", "content": None, "tool_calls": [call]}


class Turns:
    """Alternation of user and assistant texts; calls and results keep their position.

    All assistant texts between two user messages are joined at the position of the last.
    """

    def __init__(self, family: Family, notes: Notes) -> None:
        self._family, self._notes = family, notes
        self._out: list[Message] = []
        self._text: int | None = None
        """Position of the assistant's text since the last user message."""

    def alternate(self, messages: Iterable[Message]) -> list[Message]:
        """Reorder and join messages so that texts alternate."""
        for message in messages:
            if message["role"] == "user":
                self._take_user(message)
            elif message["role"] == "assistant" and "tool_calls" not in message:
                self._take_text(message)
            elif message["role"] == "assistant" and self._may_hold_text(message):
                text = self._out.pop()
                self._text = None
                self._out.append({**message, "content": text["content"]})
                self._notes.add("joined")
            else:
                self._out.append(message)
        return self._out

    def _take_user(self, message: Message) -> None:
        last = self._out[-1]["role"] if self._out else "system"
        if last == "user":
            self._join_last(message)
            return
        if last == "tool":
            if self._text is not None:
                self._notes.add("joined")
                self._out.append(self._out.pop(self._text))
            else:
                self._notes.add("bridge")
                self._out.append(assistant(BRIDGE))
        self._text = None
        self._out.append(message)

    def _take_text(self, message: Message) -> None:
        if self._text is not None:
            before = self._out.pop(self._text)
            message = {**message, "content": join_contents(before["content"], message["content"])}
            self._notes.add("joined")
        self._text = len(self._out)
        self._out.append(message)

    def _may_hold_text(self, calls: Message) -> bool:
        """Whether the preceding text can be the text of these calls."""
        is_last = self._text is not None and self._text == len(self._out) - 1
        return is_last and self._family.text_beside_calls and not calls.get("content")

    def _join_last(self, message: Message) -> None:
        last = self._out[-1]
        together = {**last, "content": join_contents(last["content"], message["content"])}
        if last.get("name") != message.get("name"):
            together.pop("name", None)
        self._out[-1] = together
        self._notes.add("joined")


def complete_ends(messages: list[Message], family: Family, notes: Notes) -> list[Message]:
    """Add the first and last messages that the family requires."""
    head = 1 if messages and messages[0]["role"] == "system" else 0
    rest = messages[head:]
    begins = not rest or rest[0]["role"] != "user"
    lacks_user = family.needs_user and not any(m["role"] == "user" for m in rest)
    if (begins and family.begins_with_user) or lacks_user or not messages:
        notes.add("first_message")
        messages = [*messages[:head], user(START), *rest]
    last = messages[-1]
    if family.ends_with_input and last["role"] == "assistant" and not last.get("prefix"):
        notes.add("last_message")
        messages = [*messages, user(GO_ON)]
    return messages
