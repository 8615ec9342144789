"""Tools of an MCP server in an agent. The framework requires SDK 2: `nox -s mcp2`."""

from contextlib import asynccontextmanager

import pytest

pytest.importorskip("mcp.server.mcpserver", reason="SDK 2 excludes semantic-kernel: nox -s mcp2")

from agent_framework import Agent, MCPStdioTool, MCPStreamableHTTPTool

from tests.helpers import mcp_checks

pytestmark = mcp_checks.MARKS


@pytest.fixture
def connect(make_client):
    @asynccontextmanager
    async def agent(server):
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

    return agent


class TestAgent(mcp_checks.AgentTests):
    ends_the_tool = True
