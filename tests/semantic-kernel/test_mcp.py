"""Tools of an MCP server in an agent."""

from contextlib import asynccontextmanager

import pytest
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.mcp import MCPStdioPlugin, MCPStreamableHttpPlugin

from tests.helpers import mcp_checks, mcp_server

PREFIX = "mcp-"
pytestmark = mcp_checks.MARKS


@pytest.fixture(params=["stdio", "http"])
def server(request, tmp_path):
    with mcp_server.serve(request.param, tmp_path / "journal") as served:
        yield served


@asynccontextmanager
async def agent(server, chat):
    if server.url:
        plugin = MCPStreamableHttpPlugin("mcp", url=server.url)
    else:
        plugin = MCPStdioPlugin("mcp", server.stdio.command, args=server.stdio.args)
    async with plugin:
        agent = ChatCompletionAgent(service=chat, name="agent", plugins=[plugin])

        async def run(prompt):
            return str(await agent.get_response(prompt))

        yield run


async def test_text_of_a_tool_reaches_the_model(sandbox, server, chat):
    async with agent(server, chat) as run:
        await mcp_checks.check_text(sandbox, run, PREFIX)


async def test_image_of_a_tool_reaches_the_model(sandbox, server, chat):
    async with agent(server, chat) as run:
        await mcp_checks.check_image(sandbox, run, PREFIX)


async def test_error_of_a_tool_reaches_the_model(sandbox, server, chat):
    async with agent(server, chat) as run:
        await mcp_checks.check_error(sandbox, run, PREFIX)


async def test_server_is_usable_after_a_cancelled_run(sandbox, server, chat):
    async with agent(server, chat) as run:
        await mcp_checks.check_cancelling(sandbox, run, server, PREFIX)
