"""Conversion of LlamaIndex tools to API functions, and of responses to tool selections."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ToolCallBlock
from llama_index.core.llms.llm import ToolSelection

from llmaas.adapters import inline_definitions


def to_function(tool: Any) -> dict[str, Any]:
    """Convert a tool; keep a dict. References are inlined, because engines resolve only some."""
    if isinstance(tool, dict):
        return tool
    metadata = tool.metadata
    parameters = metadata.get_parameters_dict()
    if "$defs" in parameters or "definitions" in parameters:
        parameters = inline_definitions(parameters)
    function = {
        "name": metadata.get_name(),
        "description": metadata.description,
        "parameters": parameters,
    }
    return {"type": "function", "function": function}


def to_messages(
    user_msg: str | ChatMessage | None, chat_history: Sequence[ChatMessage] | None
) -> list[ChatMessage]:
    """Append the user's message to a copy of the history."""
    messages = list(chat_history or ())
    if isinstance(user_msg, str):
        user_msg = ChatMessage(user_msg, role="user")
    return messages if user_msg is None else [*messages, user_msg]


def to_selections(response: ChatResponse) -> list[ToolSelection]:
    """Convert the calls that may run. ``invalid_tool_calls`` holds the truncated ones."""
    return [
        ToolSelection(
            tool_id=block.tool_call_id or "",
            tool_name=block.tool_name,
            tool_kwargs=_arguments(block.tool_kwargs),
        )
        for block in response.message.blocks
        if isinstance(block, ToolCallBlock)
    ]


def keep_first_call(response: ChatResponse) -> ChatResponse:
    """Remove all tool calls except the first, in place."""
    calls = [block for block in response.message.blocks if isinstance(block, ToolCallBlock)]
    dropped = {id(block) for block in calls[1:]}
    if dropped:
        kept = [block for block in response.message.blocks if id(block) not in dropped]
        response.message.blocks = kept
        del response.message.additional_kwargs.get("tool_calls", [])[1:]
    return response


def _arguments(arguments: Any) -> dict[str, Any]:
    if isinstance(arguments, str):
        arguments = json.loads(arguments or "{}")
    return arguments if isinstance(arguments, dict) else {}
