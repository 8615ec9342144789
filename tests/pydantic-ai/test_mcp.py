"""Tools of an MCP server in an agent."""

from contextlib import asynccontextmanager

import pytest
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset, StdioTransport

from tests.helpers import mcp_checks

pytestmark = mcp_checks.MARKS


@pytest.fixture
def connect(make_model):
    @asynccontextmanager
    async def agent(server):
        stdio = server.stdio
        toolset = MCPToolset(
            server.url or StdioTransport(stdio.command, stdio.args), init_timeout=100
        )
        agent = Agent(make_model("gemma4:31b"), toolsets=[toolset])
        async with agent:

            async def run(prompt):
                return (await agent.run(prompt)).output

            yield run

    return agent


class TestAgent(mcp_checks.AgentTests):
    """Every check of the tools."""
