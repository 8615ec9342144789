"""Translation of this package's messages into LangChain's standard content blocks.

A block's index names its type (``lc_text``), not its position: LangChain merges the blocks of
a stream by index regardless of type, so that numbers would merge text with tool calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.block_translators import register_translator

from langchain_llmaas.truncated_calls import JSON_SUFFIX

PROVIDER = "llmaas"
REASONING = "reasoning_content"
"""Key of the reasoning in ``additional_kwargs``, as in other LangChain integrations."""


def to_blocks(message: AIMessage) -> list[Any]:
    """Convert a complete message: reasoning, text, tool calls, refusal."""
    return [*_text_blocks(message), *_call_blocks(message), *_refusal_blocks(message)]


def to_chunk_blocks(chunk: AIMessageChunk) -> list[Any]:
    """Convert a chunk, or the sum of several chunks."""
    if chunk.chunk_position == "last":
        calls = [*_call_blocks(chunk), *_invalidating_blocks(chunk)]
    else:
        calls = [*_call_chunk_blocks(chunk)]
    return [*map(_with_index, [*_text_blocks(chunk), *_refusal_blocks(chunk)]), *calls]


def _text_blocks(message: AIMessage) -> Iterator[dict[str, Any]]:
    if not isinstance(message.content, str):
        raise NotImplementedError  # written by a user: LangChain's default translation applies
    reasoning = message.additional_kwargs.get(REASONING)
    if reasoning:
        yield {"type": "reasoning", "reasoning": reasoning}
    if message.content:
        yield {"type": "text", "text": message.content}


def _call_blocks(message: AIMessage) -> Iterator[dict[str, Any]]:
    for call in filter(_is_named, message.tool_calls):
        yield {"type": "tool_call", **_select(call, "id", "name", "args")}
    for invalid in filter(_is_named, message.invalid_tool_calls):
        yield {"type": "invalid_tool_call", **_select(invalid, "id", "name", "args", "error")}


def _call_chunk_blocks(chunk: AIMessageChunk) -> Iterator[dict[str, Any]]:
    for call in chunk.tool_call_chunks:
        block = {"type": "tool_call_chunk", **_select(call, "id", "name", "args")}
        yield {**block, "index": f"lc_tool_call_{call.get('index')}"}


def _invalidating_blocks(chunk: AIMessageChunk) -> Iterator[dict[str, Any]]:
    """Yield the fragments that make earlier calls invalid in version 3 event streams."""
    for call in chunk.tool_call_chunks:
        if not _is_named(call) and not call["args"]:
            yield {
                "type": "tool_call_chunk",
                "id": None,
                "name": None,
                "args": JSON_SUFFIX,
                "index": f"lc_tool_call_{call.get('index')}",
            }


def _is_named(call: Any) -> bool:
    """Whether a call is one of its own, not the last fragment of an earlier one."""
    return bool(call["id"] or call["name"])


def _refusal_blocks(message: AIMessage) -> Iterator[dict[str, Any]]:
    if refusal := message.additional_kwargs.get("refusal"):
        yield {"type": "refusal", "refusal": refusal}


def _select(call: Any, *names: str) -> dict[str, Any]:
    return {name: call.get(name) for name in names}


def _with_index(block: dict[str, Any]) -> dict[str, Any]:
    return {**block, "index": f"lc_{block['type']}"}


register_translator(PROVIDER, to_blocks, to_chunk_blocks)
