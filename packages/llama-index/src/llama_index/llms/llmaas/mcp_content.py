"""Content of MCP tools: text, images and audio that models read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from llama_index.core.base.llms.types import AudioBlock, ImageBlock, TextBlock
from llama_index.core.tools import FunctionTool

Block = TextBlock | ImageBlock | AudioBlock


def with_mcp_content(tools: Iterable[FunctionTool]) -> list[FunctionTool]:
    """Return tools of ``McpToolSpec`` whose results are content blocks.

    ``McpToolSpec`` passes the ``repr`` of the SDK's result to the model: images become thousands
    of characters, and no model sees them.
    """
    return [
        FunctionTool(
            metadata=tool.metadata,
            async_fn=_reading(tool.async_fn),
            partial_params=tool.partial_params,
        )
        for tool in tools
    ]


def _reading(call: Callable[..., Any]) -> Callable[..., Any]:
    async def call_and_read(**arguments: Any) -> Any:
        result = await call(**arguments)
        return [_to_block(part) for part in getattr(result, "content", [])] or result

    return call_and_read


def _to_block(part: Any) -> Block:
    """Convert a part of a result, of the SDK 1 or 2."""
    if part.type == "text":
        return TextBlock(text=part.text)
    mime_type = getattr(part, "mimeType", None) or getattr(part, "mime_type", None)
    if part.type == "image":
        return ImageBlock(image=part.data.encode(), image_mimetype=mime_type)
    if part.type == "audio":
        file_format = (mime_type or "").partition("/")[2] or None
        return AudioBlock(audio=part.data.encode(), format=file_format)
    text = getattr(getattr(part, "resource", None), "text", None)
    return TextBlock(text=text or json.dumps(part.model_dump(mode="json", exclude_none=True)))
