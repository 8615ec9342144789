"""Model Context Protocol server: the service as tools of any MCP host (extra ``mcp``)."""

from __future__ import annotations

from llmaas_cli.mcp.callers import Callers
from llmaas_cli.mcp.sdk import run
from llmaas_cli.mcp.server import create_server

__all__ = ["Callers", "create_server", "run"]
