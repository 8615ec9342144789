"""Schemas described in words, for models that are refused a ``response_format``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from llmaas.messages import Message, add_instruction
from llmaas.ops.chat_request import ChatRequest
from llmaas.ops.conversation_rules import conform_messages
from llmaas.ops.effects import Operation
from llmaas.ops.measured_request import enforces

T = TypeVar("T")

_REFUSED = frozenset((400, 422, 500, 501))
_ABOUT_FORMAT = re.compile(
    r"response_format|json[_ -]?(schema|object|mode)|grammar|guided|structured[_ ]output"
    r"|constrained|schema",
    re.IGNORECASE,
).search
"""Words of vLLM (xgrammar, outlines), llama.cpp, SGLang, TGI and gateways."""


def with_fallback_to_words(
    request: ChatRequest, send: Callable[[ChatRequest], Operation[T]]
) -> Operation[T]:
    """Send a request; with the schema in words if its ``response_format`` is refused.

    A format that the client's profile knows to be refused or ignored is not sent at all.
    """
    if is_enforced(request):
        try:
            return (yield from send(request))
        except Exception as error:
            if "response_format" not in request.body or not _is_about_format(error):
                raise
    assert request.schema is not None
    has_tools = bool(request.body.get("tools")) and request.body.get("tool_choice") != "none"
    body = in_words(request.body, request.schema.to_instruction(after_tools=has_tools))
    messages, _ = conform_messages(
        body["messages"],
        model=request.model,
        profile=request.settings.profile,
        is_enabled=request.conforms,
    )
    request.body = {**body, "messages": messages}
    return (yield from send(request))


def is_enforced(request: ChatRequest) -> bool:
    """Whether a request goes out with its ``response_format``: the profile may know better."""
    sent = request.body.get("response_format")
    return sent is None or enforces(sent, request.model, request.settings.profile)


def in_words(body: dict[str, Any], instruction: str) -> dict[str, Any]:
    """Return a request with an instruction instead of its ``response_format``."""
    changed = {**body, "messages": add_instruction(body["messages"], instruction)}
    changed.pop("response_format", None)
    return changed


def with_reply(messages: Sequence[Message], text: str, demand: str) -> list[Message]:
    """Add an answer and what the user says to it; after an empty one, to the user's message.

    Many chat templates refuse empty answers, and two messages of the user in a row.
    """
    if text.strip():
        return [*messages, {"role": "assistant", "content": text}, _user(demand)]
    last = messages[-1]
    content = last.get("content")
    if last.get("role") != "user" or not content:
        return [*messages, _user(demand)]
    if isinstance(content, str):
        return [*messages[:-1], {**last, "content": f"{content}\n\n{demand}"}]
    parts = [*content, {"type": "text", "text": demand}]
    return [*messages[:-1], {**last, "content": parts}]


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def _is_about_format(error: Exception) -> bool:
    if getattr(error, "status_code", None) not in _REFUSED:
        return False
    return _ABOUT_FORMAT(f"{error} {getattr(error, 'param', None) or ''}") is not None
