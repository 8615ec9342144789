"""Tokens, counted without any vocabulary: four characters each, as the service documents."""

from __future__ import annotations

import json
from collections.abc import Sequence

from autogen_core import Image
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResultMessage,
    LLMMessage,
)
from autogen_core.tools import Tool, ToolSchema

_PER_MESSAGE = 4
_PER_IMAGE = 1_000
_CHARACTERS = 4


def count(messages: Sequence[LLMMessage], tools: Sequence[Tool | ToolSchema]) -> int:
    """Estimate the tokens of a request. Cheap: contexts count quadratically."""
    return sum(map(_message, messages)) + sum(map(_tool, tools))


def _message(message: LLMMessage) -> int:
    if isinstance(message, FunctionExecutionResultMessage):
        return sum(_PER_MESSAGE + _text(result.content) for result in message.content)
    tokens = _PER_MESSAGE
    content = message.content
    if isinstance(content, str):
        return tokens + _text(content)
    if isinstance(message, AssistantMessage):
        tokens += _text(message.thought or "")
    for part in content:
        if isinstance(part, Image):
            tokens += _PER_IMAGE
        elif isinstance(part, str):
            tokens += _text(part)
        else:
            tokens += _text(part.name) + _text(part.arguments)
    return tokens


def _tool(tool: Tool | ToolSchema) -> int:
    schema = tool.schema if isinstance(tool, Tool) else tool
    return _text(json.dumps(schema, default=str))


def _text(text: str) -> int:
    return -(-len(text) // _CHARACTERS)
