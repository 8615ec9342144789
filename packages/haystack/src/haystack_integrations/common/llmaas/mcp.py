"""Results of MCP tools (package ``mcp-haystack``) as texts and images for a model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from haystack.dataclasses import ImageContent, TextContent


def to_tool_result(result: Any) -> Any:
    """Convert the result of an MCP tool to the texts and images that it contains.

    Without it, a model reads the JSON of the protocol, with images as long base64 texts. Use it
    as the handler of `MCPTool` and `MCPToolset`:

    ```python
    from haystack_integrations.common.llmaas import mcp
    from haystack_integrations.tools.mcp import MCPTool, StdioServerInfo

    server = StdioServerInfo(command="screen-server")
    tool = MCPTool("screenshot", server, outputs_to_string=mcp.OUTPUT)
    ```

    :param result: The result: JSON of an MCP server. Anything else is returned unchanged.
    :returns: A text if the result contains nothing else, or a list of texts and images.
    """
    blocks = _content_blocks(result)
    if blocks is None:
        return result
    parts = [part for block in blocks for part in _to_parts(block)]
    texts = [part.text for part in parts if isinstance(part, TextContent)]
    return parts if len(texts) < len(parts) else "\n".join(texts)


OUTPUT: dict[str, Any] = {"handler": to_tool_result, "raw_result": True}
"""``outputs_to_string`` of a tool, for ``to_tool_result``."""


def _content_blocks(result: Any) -> list[Mapping[str, Any]] | None:
    try:
        parsed = json.loads(result) if isinstance(result, str) else result
    except ValueError:
        return None
    blocks = parsed.get("content") if isinstance(parsed, Mapping) else None
    if not isinstance(blocks, list) or not all(
        isinstance(b, Mapping) and "type" in b for b in blocks
    ):
        return None
    return blocks


def _to_parts(block: Mapping[str, Any]) -> Iterator[TextContent | ImageContent]:
    """Yield the part of a block; other media are only named."""
    kind = block["type"]
    resource = block.get("resource") if kind == "resource" else None
    if kind == "text":
        yield TextContent(str(block.get("text", "")))
    elif kind == "image":
        mime_type = block.get("mimeType") or "image/png"
        yield ImageContent(block["data"], mime_type=mime_type, validation=False)
    elif isinstance(resource, Mapping) and "text" in resource:
        yield TextContent(str(resource["text"]))
    else:
        source = resource if isinstance(resource, Mapping) else block
        named = [kind, source.get("mimeType"), source.get("uri") or source.get("name")]
        yield TextContent(f"[{' '.join(str(word) for word in named if word)}]")
