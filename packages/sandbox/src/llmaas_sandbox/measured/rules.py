"""Conversation rules of a measured chat template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from llmaas_sandbox.families import rules
from llmaas_sandbox.families.rules import Message, Rule
from llmaas_sandbox.families.table import Family

_ALTERNATE = (
    "After the optional system message, conversation roles must alternate "
    "user/assistant/user/assistant/..."
)


def _text_only(messages: Sequence[Message]) -> str | None:
    wrong = any(isinstance(message.get("content"), list) for message in messages)
    return "'list object' has no attribute 'startswith'" if wrong else None


def _no_tools(messages: Sequence[Message]) -> str | None:
    wrong = any(m["role"] == "tool" or m.get("tool_calls") for m in messages)
    return "Conversation roles must be user or assistant" if wrong else None


def _no_extra_fields(messages: Sequence[Message]) -> str | None:
    wrong = any("name" in m for m in messages if m["role"] != "tool")
    return "Extra inputs are not permitted: name" if wrong else None


def _user_first(messages: Sequence[Message]) -> str | None:
    rest = rules.without_leading_system(messages)
    return _ALTERNATE if rest and rest[0]["role"] != "user" else None


RULES: Mapping[tuple[str, object], Rule] = {
    ("needs_user", True): rules.has_user("No user query found in messages."),
    ("system", "first"): rules.system_only_first("System message must be at the beginning."),
    ("system", "user"): rules.system_never("System role not supported"),
    ("begins_with_user", True): _user_first,
    ("alternates", True): rules.alternates(_ALTERNATE, rules.is_turn),
    ("short_ids", True): rules.nine_character_ids(
        "Tool call IDs should be alphanumeric strings with length 9!"
    ),
    ("parallel_calls", False): rules.one_call_a_message(
        "This model only supports single tool-calls at once!"
    ),
    ("plain_names", True): rules.names_in_history("Function name was {name}"),
    ("text_parts", False): _text_only,
    ("tools", False): _no_tools,
    ("extra_fields", False): _no_extra_fields,
    ("ends_with_input", True): rules.assistant_not_last("Expected last role User or Tool"),
}
"""Rule by name and value of a profile's ``conversation_rules``; others refuse nothing."""


def measured_family(facts: Mapping[str, Any]) -> Family | None:
    """Return a family with the measured rules, or None if none were measured.

    A system message is only accepted first, as in most templates, unless it was measured.
    """
    measured = facts.get("conversation_rules")
    if not measured:
        return None
    return _build_family(tuple(sorted({"system": "first", **measured}.items())))


@lru_cache(maxsize=64)
def _build_family(measured: tuple[tuple[str, object], ...]) -> Family:
    found = [rule for key, rule in RULES.items() if key in measured]
    return Family("measured", "", "profile", tuple(found), ("short_ids", True) in measured)
