"""MCP server: its tools and its instructions for hosts."""

from __future__ import annotations

from pathlib import Path

from mcp.types import ToolAnnotations

from llmaas_cli import __version__
from llmaas_cli.mcp.callers import Callers
from llmaas_cli.mcp.sdk import Address, FastMCP, create_fastmcp
from llmaas_cli.mcp.tools import Tools

INSTRUCTIONS = (
    "Tools of LLMaaS, Cloud Temple's sovereign LLM service: language models, embeddings, "
    "reranking, speech and images. `models` lists the models, `cost` estimates the cost of a call. "
    "All other tools are billed to the caller's key."
)
FREE = ("models", "cost")
"""Tools that are not billed."""

BILLED = ("chat", "embed", "rerank", "transcribe", "speak", "image")


def create_server(
    callers: Callers, *, folder: Path | None = None, address: Address | None = None
) -> FastMCP[object]:
    """Create an MCP server with the tools of the service.

    ``transcribe`` opens files of ``folder`` only; None opens none. ``address`` is where it will
    be served over HTTP.
    """
    server = create_fastmcp("llmaas", INSTRUCTIONS, __version__, address)
    tools = Tools(callers, folder)
    for name in (*BILLED, *FREE):
        hints = ToolAnnotations(
            readOnlyHint=True, idempotentHint=name in FREE, openWorldHint=name not in FREE
        )
        server.tool(name, annotations=hints)(getattr(tools, name))
    return server
