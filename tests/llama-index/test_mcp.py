"""Tools of an MCP server in an agent."""

from contextlib import asynccontextmanager

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.tools.mcp import BasicMCPClient, McpToolSpec

from llama_index.llms.llmaas import with_mcp_content
from tests.helpers import mcp_checks

pytestmark = [*mcp_checks.MARKS, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def connect(make_llm):
    @asynccontextmanager
    async def agent(server):
        stdio = server.stdio
        client = BasicMCPClient(server.url or stdio.command, stdio.args, timeout=100)
        tools = with_mcp_content(await McpToolSpec(client).to_tool_list_async())
        agent = FunctionAgent(tools=tools, llm=make_llm(model="gemma4:31b"))

        async def run(prompt):
            return str(await agent.run(prompt))

        yield run

    return agent


class TestAgent(mcp_checks.AgentTests):
    """Every check of the tools."""
