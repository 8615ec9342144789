"""Tools of an MCP server in an agent."""

from contextlib import asynccontextmanager

import pytest
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset, StdioTransport

from tests.helpers import mcp_checks, mcp_server

pytestmark = mcp_checks.MARKS


@pytest.fixture(params=["stdio", "http"])
def server(request, tmp_path):
    with mcp_server.serve(request.param, tmp_path / "journal") as served:
        yield served


@asynccontextmanager
async def agent(server, make_model):
    stdio = server.stdio
    toolset = MCPToolset(server.url or StdioTransport(stdio.command, stdio.args), init_timeout=100)
    agent = Agent(make_model("gemma4:31b"), toolsets=[toolset])
    async with agent:

        async def run(prompt):
            return (await agent.run(prompt)).output

        yield run


async def test_text_of_a_tool_reaches_the_model(sandbox, server, make_model):
    async with agent(server, make_model) as run:
        await mcp_checks.check_text(sandbox, run)


async def test_image_of_a_tool_reaches_the_model(sandbox, server, make_model):
    async with agent(server, make_model) as run:
        await mcp_checks.check_image(sandbox, run)


async def test_error_of_a_tool_reaches_the_model(sandbox, server, make_model):
    async with agent(server, make_model) as run:
        await mcp_checks.check_error(sandbox, run)


async def test_server_is_usable_after_a_cancelled_run(sandbox, server, make_model):
    async with agent(server, make_model) as run:
        await mcp_checks.check_cancelling(sandbox, run, server)
