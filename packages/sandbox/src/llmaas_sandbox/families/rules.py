"""Conversation rules. Each returns the engine's error message, or None."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from llmaas_sandbox.tokens import content_text

Message: TypeAlias = Mapping[str, Any]
Rule: TypeAlias = Callable[[Sequence[Message]], str | None]

_FUNCTION_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_NINE = re.compile(r"[a-zA-Z0-9]{9}")


def get_tool_calls(message: Message) -> list[Mapping[str, object]]:
    """Return the tool calls of a message that are objects."""
    found = message.get("tool_calls")
    return [c for c in found if isinstance(c, Mapping)] if isinstance(found, list) else []


def get_function(call: Mapping[str, object]) -> Mapping[str, object]:
    """Return the function of a tool call; an empty mapping when it is malformed."""
    function = call.get("function")
    return function if isinstance(function, Mapping) else {}


def without_leading_system(messages: Sequence[Message]) -> Sequence[Message]:
    """Return the messages after an initial system message."""
    return messages[1:] if messages and messages[0].get("role") == "system" else messages


def alternates(words: str, counted: Callable[[Message], bool]) -> Rule:
    """User and assistant take turns, from the user on; messages that are not counted do not."""

    def rule(messages: Sequence[Message]) -> str | None:
        turns = [m for m in without_leading_system(messages) if counted(m)]
        wrong = any((m["role"] == "user") != (i % 2 == 0) for i, m in enumerate(turns))
        return words if wrong else None

    return rule


def is_turn(message: Message) -> bool:
    """Whether a message is a turn: not a tool's result, and without calls."""
    return message["role"] != "tool" and not message.get("tool_calls")


def is_spoken_turn(message: Message) -> bool:
    """Whether a message is a turn of the user or the assistant, and without calls."""
    return message["role"] in ("user", "assistant") and not message.get("tool_calls")


def system_only_first(words: str) -> Rule:
    """Refuse a system message anywhere but at the beginning."""

    def rule(messages: Sequence[Message]) -> str | None:
        return words if any(m["role"] == "system" for m in messages[1:]) else None

    return rule


def system_never(words: str) -> Rule:
    """Refuse a conversation that begins with a system message."""

    def rule(messages: Sequence[Message]) -> str | None:
        return words if messages[0]["role"] == "system" else None

    return rule


def only_roles(roles: Collection[str], words: str) -> Rule:
    """Refuse a message of another role; ``{role}`` in the words is the role."""

    def rule(messages: Sequence[Message]) -> str | None:
        wrong = (m["role"] for m in without_leading_system(messages) if m["role"] not in roles)
        return next((words.format(role=role) for role in wrong), None)

    return rule


def has_user(words: str) -> Rule:
    """Refuse a conversation without a user message."""

    def rule(messages: Sequence[Message]) -> str | None:
        return None if any(m["role"] == "user" for m in messages) else words

    return rule


def nine_character_ids(words: str) -> Rule:
    """Refuse call ids that are not nine letters and digits."""

    def rule(messages: Sequence[Message]) -> str | None:
        ids = (i for m in messages for i in _ids(m))
        return None if all(isinstance(i, str) and _NINE.fullmatch(i) for i in ids) else words

    return rule


def _ids(message: Message) -> Iterator[object]:
    yield from (call.get("id") for call in get_tool_calls(message))
    if message["role"] == "tool":
        yield message.get("tool_call_id")


def assistant_says_something(words: str) -> Rule:
    """Refuse an assistant message that has neither content nor calls."""

    def rule(messages: Sequence[Message]) -> str | None:
        stated = (m for m in messages if m["role"] == "assistant" and not m.get("tool_calls"))
        return None if all(m.get("content") for m in stated) else words

    return rule


def assistant_not_last(words: str) -> Rule:
    """Refuse a conversation that ends with the assistant, unless it is to be continued."""

    def rule(messages: Sequence[Message]) -> str | None:
        last = messages[-1]
        return words if last["role"] == "assistant" and not last.get("prefix") else None

    return rule


def one_call_a_message(words: str) -> Rule:
    """Refuse several calls in one message."""

    def rule(messages: Sequence[Message]) -> str | None:
        return words if any(len(get_tool_calls(m)) > 1 for m in messages) else None

    return rule


def result_after_call(words: str) -> Rule:
    """Refuse a tool's result when the assistant's last message made no call."""

    def rule(messages: Sequence[Message]) -> str | None:
        called = False
        for message in messages:
            if message["role"] == "assistant":
                called = bool(message.get("tool_calls"))
            elif message["role"] == "tool" and not called:
                return words
        return None

    return rule


def calls_and_results_pair(messages: Sequence[Message]) -> str | None:
    """Every call has one result, every result its call (mistral-common)."""
    expected: list[object] = []
    answered: set[object] = set()
    for message in messages:
        if message["role"] == "tool":
            words = _unexpected(message.get("tool_call_id"), expected, answered)
            if words:
                return words
        elif message["role"] == "assistant":
            if len(expected) != len(answered):
                return "Not the same number of function calls and responses"
            expected, answered = [c.get("id") for c in get_tool_calls(message)], set()
    if len(expected) != len(answered):
        return "Not the same number of function calls and responses"
    return None


def _unexpected(call_id: object, expected: Sequence[object], answered: set[object]) -> str | None:
    if call_id in answered:
        return f"Duplicate tool call id {call_id} in tool results"
    if call_id not in expected:
        return f"Unexpected tool call id {call_id} in tool results"
    answered.add(call_id)
    return None


def roles_in_order(messages: Sequence[Message]) -> str | None:
    """Refuse a tool's result after anything but a call or a result (mistral-common)."""
    for before, message in pairwise(messages):
        if message["role"] == "tool" and before["role"] not in ("assistant", "tool"):
            return f"Unexpected role 'tool' after role '{before['role']}'"
        if before["role"] == "tool" and message["role"] == "system":
            return "Unexpected role 'system' after role 'tool'"
    return None


def arguments_are_json(messages: Sequence[Message]) -> str | None:
    """Refuse arguments in the history that cannot be parsed; the words are the parser's."""
    for function in _functions(messages):
        arguments = function.get("arguments")
        if isinstance(arguments, str) and arguments:
            try:
                json.loads(arguments)
            except (ValueError, RecursionError) as problem:
                return str(problem)
    return None


def arguments_are_objects(words: str) -> Rule:
    """Refuse arguments in the history that are not a JSON object."""

    def rule(messages: Sequence[Message]) -> str | None:
        for function in _functions(messages):
            arguments = _parse_arguments(function.get("arguments"))
            if not isinstance(arguments, Mapping):
                return words.format(arguments=arguments)
        return None

    return rule


def _functions(messages: Sequence[Message]) -> Iterator[Mapping[str, object]]:
    return (get_function(call) for message in messages for call in get_tool_calls(message))


def _parse_arguments(arguments: object) -> object:
    if not isinstance(arguments, str):
        return {} if arguments is None else arguments
    try:
        return json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return arguments


def names_in_history(words: str) -> Rule:
    """Refuse names of called functions that functions may not have."""

    def rule(messages: Sequence[Message]) -> str | None:
        names = [function.get("name") for function in _functions(messages)]
        names += [m["name"] for m in messages if m["role"] == "tool" and m.get("name")]
        wrong = (n for n in names if not is_function_name(n))
        return next((words.format(name=name) for name in wrong), None)

    return rule


def is_function_name(name: object) -> bool:
    """Whether a function may have this name: 64 letters, digits, underscores, dashes."""
    return isinstance(name, str) and _FUNCTION_NAME.fullmatch(name) is not None


def no_channel_tags(words: str) -> Rule:
    """Refuse an assistant message that holds the tags of the harmony format."""
    tags = ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>")

    def rule(messages: Sequence[Message]) -> str | None:
        stated = (content_text(m.get("content")) for m in messages if m["role"] == "assistant")
        return words if any(tag in text for text in stated for tag in tags) else None

    return rule
