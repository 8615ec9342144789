"""Tool calls and results as text, for chat templates without tools."""

from __future__ import annotations

from collections.abc import Iterable

from llmaas.wire.conversation.contents import Message, join_contents, user
from llmaas.wire.conversation.notes import Notes


def write_calls_as_text(messages: Iterable[Message], notes: Notes) -> list[Message]:
    """Convert calls to assistant text and results to user messages."""
    names: dict[str, str] = {}
    out: list[Message] = []
    for message in messages:
        if calls := message.get("tool_calls"):
            names |= {call["id"]: call["function"]["name"] for call in calls}
            notes.add("tools_as_text", len(calls))
            out.append(_caller(message))
        elif message["role"] == "tool":
            name = names.get(message["tool_call_id"], "")
            text = f"Result of {name}: {message['content']}"
            if out and out[-1].get("role") == "user" and out[-1].get("content", "") is not None:
                out[-1] = {**out[-1], "content": join_contents(out[-1]["content"], text)}
            else:
                out.append(user(text))
        else:
            out.append(message)
    return out


def _caller(message: Message) -> Message:
    calls = (call["function"] for call in message["tool_calls"])
    text = "\n".join(f"Call of {call['name']}: {call['arguments']}" for call in calls)
    kept = {key: value for key, value in message.items() if key != "tool_calls"}
    return {**kept, "content": join_contents(message.get("content") or "", text)}
