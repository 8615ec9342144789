"""Conversion of LangChain messages to messages of the API."""

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

from langchain_llmaas.content_blocks import REASONING
from langchain_llmaas.content_parts import answer_text, is_media, result_text, to_part
from langchain_llmaas.truncated_calls import strip_suffix
from llmaas.adapters import ascii_name

SendReasoning = Literal["auto", "always", "never"]
"""Whether reasoning is sent back to the model. ``auto``: within its own turn only, as models that
call tools need it; later turns would only pay for it."""

_ROLES: tuple[tuple[type[BaseMessage], str], ...] = (
    (HumanMessage, "user"),
    (SystemMessage, "system"),
    (AIMessage, "assistant"),
    (ToolMessage, "tool"),
    (FunctionMessage, "function"),
)

_PLAIN_ROLES: dict[type[BaseMessage], str] = {HumanMessage: "user", SystemMessage: "system"}
"""Roles of messages that need no conversion when their content is a string."""


def to_api_messages(
    messages: Sequence[BaseMessage], send_reasoning: SendReasoning = "auto"
) -> list[dict[str, Any]]:
    """Convert messages. The input is not changed. Raises ``TypeError`` for unknown classes."""
    last_user = _last_user_position(messages)
    wire: list[dict[str, Any]] = []
    for position, message in enumerate(messages):
        role = _PLAIN_ROLES.get(type(message))
        if role and type(message.content) is str and not message.name:
            wire.append({"role": role, "content": message.content})  # fast path
        elif _is_plain_answer(message):
            wire.append({"role": "assistant", "content": message.content})
        elif isinstance(message, AIMessage):
            in_turn = send_reasoning == "auto" and position > last_user
            reasoning = _reasoning_text(message) if in_turn or send_reasoning == "always" else ""
            wire.append(_convert_assistant(message, reasoning))
        elif isinstance(message, ToolMessage):
            wire.append(_convert_result(message.tool_call_id, message.content))
        else:
            wire += _convert(message)
    return wire


def _is_plain_answer(message: BaseMessage) -> bool:
    """Whether an assistant message is a text without reasoning, calls, refusal or name."""
    return (
        type(message) is AIMessage
        and type(message.content) is str
        and not (message.additional_kwargs or message.tool_calls or message.invalid_tool_calls)
        and not message.name
    )


def _last_user_position(messages: Sequence[BaseMessage]) -> int:
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
    raise TypeError(
        f"{type(message).__name__} has no role in the API: use HumanMessage, AIMessage, "
        "SystemMessage, ToolMessage or ChatMessage"
    )


def _convert(message: BaseMessage) -> Iterator[dict[str, Any]]:
    """Yield a user or system message, after its tool results (Anthropic's convention)."""
    content = message.content
    if not isinstance(content, str):
        for block in content:
            if _block_type(block) == "tool_result":
                yield _convert_result(block["tool_use_id"], block.get("content") or "")  # type: ignore[index,union-attr]
        content = [to_part(block) for block in content if _block_type(block) != "tool_result"]
        if not content and message.content:
            return
    named = {"name": ascii_name(message.name)} if message.name else {}
    yield {"role": _role(message), "content": content, **named}


def _convert_result(call_id: str, content: Any) -> dict[str, Any]:
    """Convert a tool's result. The core moves its media to a user message."""
    media = [] if isinstance(content, str) else [to_part(b) for b in content if is_media(b)]
    text = result_text(content)
    parts = [{"type": "text", "text": text}, *media] if text else media
    return {"role": "tool", "tool_call_id": call_id, "content": parts if media else text}


def _convert_assistant(message: AIMessage, reasoning: str) -> dict[str, Any]:
    if not message.tool_calls and not message.invalid_tool_calls and type(message.content) is str:
        calls, text = [], message.content
    else:
        calls, text = [*_tool_calls(message)], answer_text(message.content)
    text = text or message.additional_kwargs.get("refusal") or ""
    wire: dict[str, Any] = {"role": "assistant", "content": text or (None if calls else "")}
    if message.name:
        wire["name"] = ascii_name(message.name)
    if calls:
        wire["tool_calls"] = calls
    return {**wire, REASONING: reasoning} if reasoning else wire


def _reasoning_text(message: AIMessage) -> str:
    reasoning = message.additional_kwargs.get(REASONING)
    if reasoning or isinstance(message.content, str):
        return str(reasoning or "")
    blocks = (block for block in message.content if isinstance(block, Mapping))
    return "".join(map(_block_reasoning, blocks))


def _block_reasoning(block: Mapping[str, Any]) -> str:
    """Return the text of a reasoning (LangChain) or thinking (Anthropic) block."""
    return str(block.get("reasoning") or block.get("thinking") or "")


def _tool_calls(message: AIMessage) -> Iterator[dict[str, Any]]:
    seen = set()
    for call in message.tool_calls:
        seen.add(call["id"])
        yield _tool_call(call["id"], call["name"], _to_json(call["args"]))
    for invalid in message.invalid_tool_calls:
        seen.add(invalid["id"])
        yield _tool_call(invalid["id"], invalid["name"], strip_suffix(invalid["args"] or ""))
    if not isinstance(message.content, str):
        for block in message.content:
            if _block_type(block) == "tool_use" and block["id"] not in seen:  # type: ignore[index]
                yield _tool_call(block["id"], block["name"], _to_json(block["input"]))  # type: ignore[index]


def _tool_call(id_: str | None, name: str | None, arguments: str | None) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments or "{}"}
    return {"type": "function", "id": id_, "function": function}


def _to_json(arguments: Any) -> str:
    return json.dumps(arguments, ensure_ascii=False, default=str)  # histories may hold dates


def _block_type(block: Any) -> str | None:
    return block.get("type") if isinstance(block, Mapping) else None
