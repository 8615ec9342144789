"""Fast check whether a conversation already conforms to the rules of a family."""

from __future__ import annotations

from collections.abc import Sequence

from llmaas.wire.conversation.calls import is_object, is_short_id
from llmaas.wire.conversation.contents import Message
from llmaas.wire.conversation.family import Family
from llmaas.wire.schema import is_wire_name

_LONG = frozenset({"content", "tool_calls"})
_USER = frozenset({"role", "content", "name"})
_ASSISTANT = frozenset({"role", "content", "name", "reasoning_content", "reasoning"})
_CALLER = _ASSISTANT | {"tool_calls"}
_TOOL = frozenset({"role", "content", "tool_call_id", "name"})


def is_conformant(messages: Sequence[Message], family: Family) -> bool:
    """Whether a conversation needs no change; may be False for rare valid conversations."""
    first = messages[0]
    if first.get("role") == "system" and family.system == "first":
        if type(first.get("content")) is not str or len(first) != 2:
            return False
        messages = messages[1:]
    return bool(messages) and (
        _alternates(messages, family.reserved) or _is_accepted(messages, family)
    )


def _alternates(messages: Sequence[Message], reserved: str) -> bool:
    """Whether plain user and assistant messages alternate, as in most conversations."""
    turn, other = "user", "assistant"
    for message in messages:
        if message["role"] != turn or len(message) != 2:
            return False
        content = message.get("content")
        if type(content) is not str or not content:
            return False
        if reserved and turn == "assistant" and reserved in content:
            return False
        turn, other = other, turn
    return other == "user"


def _is_accepted(messages: Sequence[Message], family: Family) -> bool:
    """Whether every message is valid; one loop, because agents send long histories often."""
    strict, last, reserved = family.alternates, "system", family.reserved
    has_text = False  # whether the assistant wrote text since the last user message
    waiting: list[str] = []  # ids of calls whose results must follow, the next one last
    ids: set[str] = set()
    for message in messages:
        role, content = message["role"], message.get("content")
        if role == "tool":
            if not waiting or message.get("tool_call_id") != waiting.pop():
                return False
            if type(content) is not str or (len(message) != 3 and not message.keys() <= _TOOL):
                return False
        elif waiting:
            return False
        elif "tool_calls" in message:
            if (strict and last == "text") or role != "assistant" or last == "system":
                return False
            if not _is_caller(message, family, ids, waiting):
                return False
            role = "calls"
        elif type(content) is not str:
            return False
        elif role == "user":
            if strict and last != "system" and last != "text":
                return False
            if len(message) != 2 and not _may_have(message, _USER, family):
                return False
            has_text = False
        elif role == "assistant":
            if not content or last == "system" or (strict and has_text):
                return False
            if len(message) != 2 and not _may_have(message, _ASSISTANT, family):
                return False
            if reserved and reserved in content:
                return False
            role, has_text = "text", True
        else:
            return False
        last = role
    return not waiting and last != "system" and not (family.ends_with_input and last == "text")


def _may_have(message: Message, keys: frozenset[str], family: Family) -> bool:
    """Whether a message has only allowed fields, if the family supports optional ones."""
    if not family.extra_fields or not message.keys() <= keys:
        return False
    return all(isinstance(message[key], str) for key in message.keys() - _LONG)


def _is_caller(message: Message, family: Family, ids: set[str], waiting: list[str]) -> bool:
    calls, content = message["tool_calls"], message.get("content")
    if type(calls) is not list or not calls or not family.tools:
        return False
    if len(message) != 3 and not _may_have(message, _CALLER, family):
        return False
    if content is not None and type(content) is not str:
        return False
    if (content and not family.text_beside_calls) or (len(calls) > 1 and not family.parallel_calls):
        return False
    for call in reversed(calls):  # noqa: SIM110 - a generator takes 50 % longer
        if not _is_call(call, family, ids, waiting):
            return False
    return True


def _is_call(call: object, family: Family, ids: set[str], waiting: list[str]) -> bool:
    if type(call) is not dict or call.get("type") != "function":
        return False
    id_, function = call.get("id"), call.get("function")
    if type(id_) is not str or not id_ or id_ in ids or (family.short_ids and not is_short_id(id_)):
        return False
    if type(function) is not dict or len(function) != 2 or not function.get("name"):
        return False
    if family.plain_names and not is_wire_name(function["name"]):
        return False
    ids.add(id_)
    waiting.append(id_)
    return is_object(function.get("arguments"))
