"""Client of an MCP server, by the SDK 1 or 2."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

try:
    from mcp import ClientSession
    from mcp.types import CancelledNotification, CancelledNotificationParams, ClientNotification

    IS_SDK_1 = not hasattr(__import__("mcp"), "Client")
except ImportError:
    IS_SDK_1 = False


@dataclass(frozen=True)
class Result:
    """Result of a tool."""

    content: list[Any]
    structured: Any
    is_error: bool

    @property
    def text(self) -> str:
        """The text of all parts."""
        return "".join(getattr(part, "text", "") for part in self.content)

    @property
    def mime_type(self) -> str:
        """The media type of the first part."""
        return str(getattr(self.content[0], "mimeType", None) or self.content[0].mime_type)


class Session:
    """Connection to a server."""

    def __init__(self, session: Any) -> None:
        self._session = session

    async def tool_names(self) -> list[str]:
        """Return the names of all tools."""
        return [tool.name for tool in (await self._session.list_tools()).tools]

    async def call(
        self, name: str, arguments: Any, on_progress: Callable[..., Any] | None = None
    ) -> Result:
        """Call a tool."""
        result = await self._session.call_tool(name, arguments, progress_callback=on_progress)
        if IS_SDK_1:
            return Result(result.content, result.structuredContent, result.isError)
        return Result(result.content, result.structured_content, result.is_error)

    @asynccontextmanager
    async def cancelled_call(self, name: str, arguments: Any) -> AsyncIterator[None]:
        """Call a tool, and cancel the call at the end of the block."""

        async def call() -> None:
            with contextlib.suppress(Exception):  # SDK 1 answers with an error
                await self.call(name, arguments)

        number = self._session._request_id if IS_SDK_1 else None
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            yield
            if IS_SDK_1:  # its client does not tell the server that a task was cancelled
                note = CancelledNotification(params=CancelledNotificationParams(requestId=number))
                await self._session.send_notification(ClientNotification(note))
            else:
                group.cancel_scope.cancel()


@asynccontextmanager
async def over_stdio(command: str, args: list[str], env: dict[str, str]) -> AsyncIterator[Session]:
    """Yield a session with a server over stdio."""
    program = StdioServerParameters(command=command, args=args, env=env)
    async with _opened(stdio_client(program)) as session:
        yield session


@asynccontextmanager
async def over_http(url: str, key: str | None = None) -> AsyncIterator[Session]:
    """Yield a session with a server over streamable HTTP, with an API key if given."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    if IS_SDK_1:
        http: Any = httpx.AsyncClient(headers=headers, timeout=30)
    else:
        import httpx2

        http = httpx2.AsyncClient(headers=headers, timeout=30)
    async with http, _opened(streamable_http_client(url, http_client=http)) as session:
        yield session


@asynccontextmanager
async def _opened(transport: Any) -> AsyncIterator[Session]:
    if not IS_SDK_1:
        from mcp import Client  # type: ignore[attr-defined]

        async with Client(transport) as client:
            yield Session(client)
        return
    async with transport as (read, write, *_), ClientSession(read, write) as session:
        await session.initialize()
        yield Session(session)
