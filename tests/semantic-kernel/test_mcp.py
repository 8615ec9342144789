"""Tools of an MCP server in an agent."""

from contextlib import asynccontextmanager

import pytest
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.mcp import MCPStdioPlugin, MCPStreamableHttpPlugin

from tests.helpers import mcp_checks

pytestmark = mcp_checks.MARKS


@pytest.fixture
def connect(chat):
    @asynccontextmanager
    async def agent(server):
        if server.url:
            plugin = MCPStreamableHttpPlugin("mcp", url=server.url)
        else:
            plugin = MCPStdioPlugin("mcp", server.stdio.command, args=server.stdio.args)
        async with plugin:
            agent = ChatCompletionAgent(service=chat, name="agent", plugins=[plugin])

            async def run(prompt):
                return str(await agent.get_response(prompt))

            yield run

    return agent


class TestAgent(mcp_checks.AgentTests):
    prefix = "mcp-"
