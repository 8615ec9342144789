"""MCP server of the tests: text, an image, an error, a long call; stdio and HTTP, SDK 1 and 2.

``python tests/helpers/mcp_server.py JOURNAL`` serves stdio. ``over_http`` serves in a thread.
The server appends what happens to its tools to the journal, one word a line.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp.types import ImageContent, TextContent

try:
    from mcp.server.fastmcp import FastMCP
    from mcp.server.fastmcp.exceptions import ToolError
except ModuleNotFoundError:  # SDK 2
    from mcp.server.mcpserver import MCPServer as FastMCP  # type: ignore[import-not-found,no-redef]
    from mcp.server.mcpserver.exceptions import ToolError  # type: ignore[import-not-found,no-redef]

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAA"
    "AElFTkSuQmCC"
)
"""Red square of 8 x 8 pixels."""

NAMES = ["weather", "picture", "broken", "slow"]
"""Tools of the server, in the order in which it lists them."""


@dataclass(frozen=True)
class Journal:
    """Words that the server wrote; the server may be another process."""

    path: Path

    @property
    def words(self) -> list[str]:
        """Words in their order, for example ``["weather", "slow", "slow cancelled"]``."""
        return self.path.read_text().splitlines() if self.path.exists() else []

    def write(self, word: str) -> None:
        """Append a word."""
        with self.path.open("a") as file:
            file.write(f"{word}\n")


@dataclass(frozen=True)
class StdioCommand:
    """Command that starts the server over stdio."""

    command: str
    args: list[str]


@dataclass(frozen=True)
class Served:
    """Server of a test: a URL, or a command if ``url`` is None."""

    journal: Journal
    url: str | None = None

    @property
    def stdio(self) -> StdioCommand:
        """Command that starts the server over stdio."""
        return over_stdio(self.journal.path)


def over_stdio(journal: Path) -> StdioCommand:
    """Build the command of a server over stdio."""
    return StdioCommand(sys.executable, [__file__, str(journal)])


@contextmanager
def serve(transport: str, journal: Path) -> Iterator[Served]:
    """Yield a server over ``stdio`` or ``http``."""
    if transport == "stdio":
        yield Served(Journal(journal))
    else:
        with over_http(journal) as url:
            yield Served(Journal(journal), url)
    gc.collect()  # what a framework left is finalized in its own test


@contextmanager
def over_http(journal: Path) -> Iterator[str]:
    """Yield the URL of the server over streamable HTTP."""
    with serve_app(create(Journal(journal)).streamable_http_app()) as url:
        yield url


@contextmanager
def serve_app(app: Any) -> Iterator[str]:
    """Yield the URL of a server's app in a thread."""
    import uvicorn

    from tests.helpers.waiting import eventually

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started, 60)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)


def create(journal: Journal) -> FastMCP[Any]:
    """Create the server with its four tools."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # older versions of SDK 1 with a newer pydantic-settings
        server: FastMCP[Any] = FastMCP("tests", log_level="CRITICAL")

    @server.tool()
    async def weather(city: str, days: int = 1) -> str:
        """Tell the weather of a city."""
        journal.write("weather")
        return f"{days} day(s) of sun in {city}"

    @server.tool(structured_output=False)
    async def picture() -> list[TextContent | ImageContent]:
        """Take a picture."""
        journal.write("picture")
        data = base64.b64encode(PNG).decode()
        png = ImageContent(type="image", data=data, mimeType="image/png")
        return [TextContent(type="text", text="A picture:"), png]

    @server.tool()
    async def broken(reason: str) -> str:
        """Fail."""
        journal.write("broken")
        raise ToolError(f"out of order: {reason}")

    @server.tool()
    async def slow() -> str:
        """Take ten minutes."""
        journal.write("slow")
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            journal.write("slow cancelled")
            raise
        return "done"

    return server


if __name__ == "__main__":
    create(Journal(Path(sys.argv[1]))).run("stdio")
