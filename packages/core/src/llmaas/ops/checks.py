"""Checks of what a caller passes, before anything is reserved or sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from llmaas._errors_base import InvalidInputError

_BATCH_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,199}")
_COUNTS = ("max_tokens", "max_completion_tokens", "n")
"""Parameters that budgets and quotas reserve by: a negative one would raise their limit."""


def check_chat(tools: object, tool_choice: object, params: Mapping[str, object]) -> None:
    """Refuse options of a chat that can never work; raises ``InvalidInputError``."""
    if tools is not None:
        check_tools(tools)
        if tool_choice is not None and not isinstance(tool_choice, str | bool | Mapping):
            invalid("tool_choice must be a tool's name, a dict or a bool", tool_choice)
    check_counts(params)
    extra = params.get("extra_body")
    if extra is not None:
        check_counts(check_extra_body(extra))


def check_tools(tools: object) -> None:
    """Refuse what is not a list of dicts."""
    if type(tools) is not list and (
        isinstance(tools, str | bytes | Mapping) or not isinstance(tools, Sequence)
    ):
        invalid("tools must be a list of dicts", tools)
    for tool in tools:
        if type(tool) is not dict and not isinstance(tool, Mapping):
            invalid("tools must be a list of dicts; one of them is not:", tool)


def check_counts(params: Mapping[str, object]) -> None:
    """Refuse counts below one, and what is not a whole number."""
    for name in _COUNTS:
        value = params.get(name)
        if value is not None and (type(value) is not int or value < 1):
            invalid(f"{name} must be an integer >= 1", value)


def check_extra_body(extra: object) -> Mapping[str, object]:
    """Return the fields to lay over a request; refuse what is not a dict."""
    if not isinstance(extra, Mapping):
        invalid("extra_body must be a dict", extra)
    return extra


def check_batch_id(batch_id: object) -> str:
    """Return a batch id that is one segment of a path; it may come from a user."""
    if not isinstance(batch_id, str) or not _BATCH_ID.fullmatch(batch_id):
        invalid("batch_id must be an id as submit_batch returned it", batch_id)
    return batch_id


def invalid(rule: str, value: object) -> NoReturn:
    """Raise ``InvalidInputError`` with the rule and the value received."""
    shown = repr(value)
    raise InvalidInputError(f"{rule}, got {shown if len(shown) <= 100 else shown[:100] + '...'}")
