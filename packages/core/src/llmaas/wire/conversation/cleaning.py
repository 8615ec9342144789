"""Cleaning of single messages: roles, contents and fields."""

from __future__ import annotations

from collections.abc import Iterable

from llmaas.wire.conversation.contents import Message, content_text, is_only_text
from llmaas.wire.conversation.family import Family
from llmaas.wire.conversation.notes import Notes

KNOWN_ROLES = frozenset({"system", "user", "assistant", "tool", "function"})
_ROLES = {
    "developer": "system",
    "human": "user",
    "ai": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
}
ALLOWED = {
    "system": frozenset({"role", "content"}),
    "user": frozenset({"role", "content"}),
    "assistant": frozenset({"role", "content", "tool_calls", "prefix"}),
    "tool": frozenset({"role", "content", "tool_call_id", "name"}),
}
"""Fields of the message models of mistral-common."""
_DUMPED = ("refusal", "annotations", "audio", "function_call")
"""Fields of SDK responses that histories repeat and strict engines refuse."""


def clean_messages(messages: Iterable[Message], notes: Notes) -> list[Message]:
    """Normalize roles, contents and fields; drop empty assistant messages."""
    kept = []
    for message in messages:
        clean = _content(_fields(_role(message, notes), notes), notes)
        if _is_empty(clean):
            notes.add("empty_message")
        else:
            kept.append(clean)
    return kept


def _is_empty(message: Message) -> bool:
    if message["role"] != "assistant" or "tool_calls" in message:
        return False
    content = message.get("content")
    return not content or (is_only_text(content) and not content_text(content))


def _role(message: Message, notes: Notes) -> Message:
    """Replace roles that templates do not know; unknown roles become ``user``."""
    role = message["role"]
    if role in KNOWN_ROLES:
        return message
    name = str(role).lower()
    known = name if name in KNOWN_ROLES else _ROLES.get(name, "user")
    notes.add("role")
    return {**message, "role": known}


def _fields(message: Message, notes: Notes) -> Message:
    """Remove null and unsupported fields; convert legacy calls and refusals."""
    if message["role"] == "assistant":
        message = _with_legacy_call(_with_refusal(message))
    dropped = [
        key
        for key, value in message.items()
        if key in _DUMPED
        or (value is None and key != "content")
        or (key == "tool_calls" and not value)
    ]
    if not dropped:
        return message
    notes.add("fields", len(dropped))
    return {key: value for key, value in message.items() if key not in dropped}


def _with_refusal(message: Message) -> Message:
    refusal = message.get("refusal")
    if refusal and not message.get("content"):
        return {**message, "content": refusal}
    return message


def _with_legacy_call(message: Message) -> Message:
    """Convert OpenAI's legacy ``function_call`` to a tool call."""
    call = message.get("function_call")
    if not call or message.get("tool_calls"):
        return message
    return {**message, "tool_calls": [{"id": "", "type": "function", "function": call}]}


def _content(message: Message, notes: Notes) -> Message:
    content: object = message.get("content")
    role = message["role"]
    if isinstance(content, str):
        return message
    if content is None:
        if role == "assistant":
            return message  # may be null beside calls; without calls the message is empty
        notes.add("content")
        return {**message, "content": ""}
    if role != "system" or not is_only_text(content):
        return message
    notes.add("text_parts")
    return {**message, "content": content_text(content)}


def flatten_text_parts(messages: Iterable[Message], family: Family, notes: Notes) -> list[Message]:
    """Write parts of text as one text, where the family takes no parts."""
    return [_flatten(message, family, notes) for message in messages]


def remove_reserved(messages: list[Message], family: Family, notes: Notes) -> list[Message]:
    """Remove what the template reserves for itself from the assistant's texts."""
    if not family.reserved:
        return messages
    return [
        _remove_reserved(m, family.reserved, notes) if m["role"] == "assistant" else m
        for m in messages
    ]


def _remove_reserved(message: Message, reserved: str, notes: Notes) -> Message:
    content = message.get("content")
    if not isinstance(content, str) or reserved not in content:
        return message
    notes.add("reserved")
    return {**message, "content": content.replace(reserved, " ")}


def _flatten(message: Message, family: Family, notes: Notes) -> Message:
    content = message.get("content")
    if content is None or isinstance(content, str) or not is_only_text(content):
        return message
    if family.text_parts and content:
        return message
    notes.add("text_parts")
    return {**message, "content": content_text(content)}


def drop_extra_fields(messages: list[Message], family: Family, notes: Notes) -> list[Message]:
    """Remove names and reasoning if the family refuses unknown fields."""
    if family.extra_fields:
        return messages
    out = []
    for message in messages:
        allowed = ALLOWED.get(message["role"])
        if allowed and not message.keys() <= allowed:
            notes.add("fields", len(message.keys() - allowed))
            message = {key: value for key, value in message.items() if key in allowed}
        out.append(message)
    return out
