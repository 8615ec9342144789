"""Messages of this package as LangChain's standard content blocks.

The indices name what a block is (``lc_text``), not where it stands: LangChain merges the
blocks of a stream by index whatever their type, so that numbers would run text and tool
calls together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.block_translators import register_translator

PROVIDER = "llmaas"
REASONING = "reasoning_content"
"""Where reasoning lies in ``additional_kwargs``, as LangChain's other packages have it."""


def whole_blocks(message: AIMessage) -> list[Any]:
    """Return the blocks of a whole message: reasoning, text, tool calls, refusal."""
    return [*_said(message), *_calls(message), *_refused(message)]


def chunk_blocks(chunk: AIMessageChunk) -> list[Any]:
    """Return the blocks of a chunk, or of chunks put together."""
    calls = _calls(chunk) if chunk.chunk_position == "last" else _call_chunks(chunk)
    return [*map(_indexed, [*_said(chunk), *_refused(chunk)]), *calls]


def _said(message: AIMessage) -> Iterator[dict[str, Any]]:
    if not isinstance(message.content, str):
        raise NotImplementedError  # written by a user: LangChain's own reading is right
    reasoning = message.additional_kwargs.get(REASONING)
    if reasoning:
        yield {"type": "reasoning", "reasoning": reasoning}
    if message.content:
        yield {"type": "text", "text": message.content}


def _calls(message: AIMessage) -> Iterator[dict[str, Any]]:
    for call in message.tool_calls:
        yield {"type": "tool_call", **_facts(call, "id", "name", "args")}
    for broken in message.invalid_tool_calls:
        yield {"type": "invalid_tool_call", **_facts(broken, "id", "name", "args", "error")}


def _call_chunks(chunk: AIMessageChunk) -> Iterator[dict[str, Any]]:
    for call in chunk.tool_call_chunks:
        block = {"type": "tool_call_chunk", **_facts(call, "id", "name", "args")}
        yield {**block, "index": f"lc_tool_call_{call.get('index')}"}


def _refused(message: AIMessage) -> Iterator[dict[str, Any]]:
    if refusal := message.additional_kwargs.get("refusal"):
        yield {"type": "refusal", "refusal": refusal}


def _facts(call: Any, *names: str) -> dict[str, Any]:
    return {name: call.get(name) for name in names}


def _indexed(block: dict[str, Any]) -> dict[str, Any]:
    return {**block, "index": f"lc_{block['type']}"}


register_translator(PROVIDER, whole_blocks, chunk_blocks)
