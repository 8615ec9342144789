"""Names of the MCP SDK that differ between its versions 1 and 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp.server.fastmcp import Context, FastMCP
    from mcp.server.fastmcp.exceptions import ToolError

    IS_VERSION_1: bool
    ToolContext = Context[Any, Any, Any]
else:
    try:
        from mcp.server.fastmcp import Context, FastMCP
        from mcp.server.fastmcp.exceptions import ToolError

        IS_VERSION_1, ToolContext = True, Context[Any, Any, Any]
    except ModuleNotFoundError:
        from mcp.server.mcpserver import Context
        from mcp.server.mcpserver import MCPServer as FastMCP
        from mcp.server.mcpserver.exceptions import ToolError

        IS_VERSION_1, ToolContext = False, Context[Any, Any]

Address = tuple[str, int]
"""Host and port."""


def create_fastmcp(
    name: str, instructions: str, version: str, address: Address | None
) -> FastMCP[object]:
    """Create a server without tools."""
    if not IS_VERSION_1:
        options: Any = {"version": version}
        return FastMCP(name, instructions=instructions, log_level="WARNING", **options)
    # Version 1 derives the accepted Host headers from the address here, not when it runs.
    where: Any = {"host": address[0], "port": address[1]} if address else {}
    server: FastMCP[Any] = FastMCP(name, instructions=instructions, log_level="WARNING", **where)
    server._mcp_server.version = version  # private: version 1 has no argument for it
    return server


def run(server: FastMCP[Any], address: Address | None) -> None:
    """Serve streamable HTTP at an address, or stdio."""
    if address is None:
        server.run("stdio")
    elif IS_VERSION_1:
        server.run("streamable-http")
    else:
        where: Any = {"host": address[0], "port": address[1]}
        server.run("streamable-http", **where)


__all__ = [
    "IS_VERSION_1",
    "Address",
    "FastMCP",
    "ToolContext",
    "ToolError",
    "create_fastmcp",
    "run",
]
