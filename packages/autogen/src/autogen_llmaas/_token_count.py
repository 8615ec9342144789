"""Token estimate without a vocabulary: four characters per token, as the service documents."""

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

_TOKENS_PER_MESSAGE = 4
_TOKENS_PER_IMAGE = 1_000
_CHARS_PER_TOKEN = 4


def count_tokens(messages: Sequence[LLMMessage], tools: Sequence[Tool | ToolSchema]) -> int:
    """Estimate the tokens of a request. Must be cheap: contexts call it for every message."""
    return sum(map(_message_tokens, messages)) + sum(map(_tool_tokens, tools))


def _message_tokens(message: LLMMessage) -> int:
    if isinstance(message, FunctionExecutionResultMessage):
        return sum(_TOKENS_PER_MESSAGE + _text_tokens(result.content) for result in message.content)
    tokens = _TOKENS_PER_MESSAGE
    content = message.content
    if isinstance(content, str):
        return tokens + _text_tokens(content)
    if isinstance(message, AssistantMessage):
        tokens += _text_tokens(message.thought or "")
    for part in content:
        if isinstance(part, Image):
            tokens += _TOKENS_PER_IMAGE
        elif isinstance(part, str):
            tokens += _text_tokens(part)
        else:
            tokens += _text_tokens(part.name) + _text_tokens(part.arguments)
    return tokens


def _tool_tokens(tool: Tool | ToolSchema) -> int:
    schema = tool.schema if isinstance(tool, Tool) else tool
    return _text_tokens(json.dumps(schema, default=str))


def _text_tokens(text: str) -> int:
    return -(-len(text) // _CHARS_PER_TOKEN)
