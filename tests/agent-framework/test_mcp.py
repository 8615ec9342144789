"""Tools of an MCP server in an agent. The framework requires SDK 2: `nox -s mcp2`."""

from contextlib import asynccontextmanager

import pytest

pytest.importorskip("mcp.server.mcpserver", reason="SDK 2 excludes semantic-kernel: nox -s mcp2")

from agent_framework import Agent, MCPStdioTool, MCPStreamableHTTPTool

from tests.helpers import mcp_checks, mcp_server

pytestmark = mcp_checks.MARKS


@pytest.fixture(params=["stdio", "http"])
def server(request, tmp_path):
    with mcp_server.serve(request.param, tmp_path / "journal") as served:
        yield served


@asynccontextmanager
async def agent(server, make_client):
    if server.url:
        tool = MCPStreamableHTTPTool("mcp", server.url)
    else:
        tool = MCPStdioTool("mcp", server.stdio.command, args=server.stdio.args)
    async with tool:
        client = make_client("gemma4:31b")
        client.function_invocation_configuration["include_detailed_errors"] = True
        agent = Agent(client, tools=tool)

        async def run(prompt):
            return (await agent.run(prompt)).text

        yield run


async def test_text_of_a_tool_reaches_the_model(sandbox, server, make_client):
    async with agent(server, make_client) as run:
        await mcp_checks.check_text(sandbox, run)


async def test_image_of_a_tool_reaches_the_model(sandbox, server, make_client):
    async with agent(server, make_client) as run:
        await mcp_checks.check_image(sandbox, run)


async def test_error_of_a_tool_reaches_the_model(sandbox, server, make_client):
    async with agent(server, make_client) as run:
        await mcp_checks.check_error(sandbox, run)


async def test_server_is_usable_after_a_cancelled_run(sandbox, server, make_client):
    async with agent(server, make_client) as run:
        await mcp_checks.check_cancelling(sandbox, run, server, ends_the_tool=True)
