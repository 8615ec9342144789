"""LangChain's messages, in every form their content may have, as the service documents them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_llmaas.blocks import REASONING
from langchain_llmaas.cut_calls import without_end
from langchain_llmaas.parts import is_media, part_of, result_in, text_in
from llmaas.adapters import ascii_name

Echo = Literal["auto", "always", "never"]
"""Whether reasoning goes back to the model. ``auto``: within the turn it belongs to, as models
that call tools want it; not with later questions, where it would only cost."""

_ROLES: tuple[tuple[type[BaseMessage], str], ...] = (
    (HumanMessage, "user"),
    (SystemMessage, "system"),
    (AIMessage, "assistant"),
    (ToolMessage, "tool"),
    (FunctionMessage, "function"),
)

_TEXTS: dict[type[BaseMessage], str] = {HumanMessage: "user", SystemMessage: "system"}
"""Messages that are their text, if they hold one."""


def wire_messages(messages: Sequence[BaseMessage], echo: Echo = "auto") -> list[dict[str, Any]]:
    """Return the messages for the wire; those given are not changed."""
    last_question = _last_question(messages)
    wire: list[dict[str, Any]] = []
    for position, message in enumerate(messages):
        role = _TEXTS.get(type(message))
        if role and type(message.content) is str and not message.name:
            wire.append({"role": role, "content": message.content})  # the cheap way of most
        elif isinstance(message, AIMessage):
            echoed = echo == "always" or (echo == "auto" and position > last_question)
            wire.append(_assistant(message, echoed=echoed))
        elif isinstance(message, ToolMessage):
            wire.append(_result(message.tool_call_id, message.content))
        else:
            wire += _plain(message)
    return wire


def _last_question(messages: Sequence[BaseMessage]) -> int:
    for position in range(len(messages) - 1, -1, -1):
        if _role(messages[position]) == "user":
            return position
    return -1


def _role(message: BaseMessage) -> str:
    if isinstance(message, ChatMessage):
        return message.role
    for kind, role in _ROLES:
        if isinstance(message, kind):
            return role
    raise TypeError(f"{type(message).__name__} is no message that a model takes")


def _plain(message: BaseMessage) -> Iterator[dict[str, Any]]:
    """Yield a user's or system message, after the tool results that it holds (Anthropic's way)."""
    content = message.content
    if not isinstance(content, str):
        for block in content:
            if _kind(block) == "tool_result":
                yield _result(block["tool_use_id"], block.get("content") or "")  # type: ignore[index,union-attr]
        content = [part_of(block) for block in content if _kind(block) != "tool_result"]
        if not content and message.content:
            return
    named = {"name": ascii_name(message.name)} if message.name else {}
    yield {"role": _role(message), "content": content, **named}


def _result(call_id: str, content: Any) -> dict[str, Any]:
    """Return a tool's result; the core moves what it shows to a user message."""
    shown = [] if isinstance(content, str) else [part_of(b) for b in content if is_media(b)]
    text = result_in(content)
    parts = [{"type": "text", "text": text}, *shown] if text else shown
    return {"role": "tool", "tool_call_id": call_id, "content": parts if shown else text}


def _assistant(message: AIMessage, *, echoed: bool) -> dict[str, Any]:
    if not message.tool_calls and not message.invalid_tool_calls and type(message.content) is str:
        calls, text = [], message.content
    else:
        calls, text = [*_calls(message)], text_in(message.content)
    text = text or message.additional_kwargs.get("refusal") or ""
    wire: dict[str, Any] = {"role": "assistant", "content": text or (None if calls else "")}
    if message.name:
        wire["name"] = ascii_name(message.name)
    if calls:
        wire["tool_calls"] = calls
    reasoning = _reasoning(message) if echoed else ""
    return {**wire, REASONING: reasoning} if reasoning else wire


def _reasoning(message: AIMessage) -> str:
    kept = message.additional_kwargs.get(REASONING)
    if kept or isinstance(message.content, str):
        return str(kept or "")
    thoughts = (_thought(block) for block in message.content if isinstance(block, Mapping))
    return "".join(thoughts)


def _thought(block: Mapping[str, Any]) -> str:
    """Return the text of a reasoning (LangChain) or thinking (Anthropic) block."""
    return str(block.get("reasoning") or block.get("thinking") or "")


def _calls(message: AIMessage) -> Iterator[dict[str, Any]]:
    known = set()
    for call in message.tool_calls:
        known.add(call["id"])
        yield _call(call["id"], call["name"], _dumped(call["args"]))
    for broken in message.invalid_tool_calls:
        known.add(broken["id"])
        yield _call(broken["id"], broken["name"], without_end(broken["args"] or ""))
    if not isinstance(message.content, str):
        for block in message.content:
            if _kind(block) == "tool_use" and block["id"] not in known:  # type: ignore[index]
                yield _call(block["id"], block["name"], _dumped(block["input"]))  # type: ignore[index]


def _call(id_: str | None, name: str | None, arguments: str | None) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments or "{}"}
    return {"type": "function", "id": id_, "function": function}


def _dumped(arguments: Any) -> str:
    return json.dumps(arguments, ensure_ascii=False, default=str)  # histories may hold dates


def _kind(block: Any) -> str | None:
    return block.get("type") if isinstance(block, Mapping) else None
