"""Tools of an MCP server in an agent."""

from contextlib import asynccontextmanager

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.tools.mcp import BasicMCPClient, McpToolSpec

from llama_index.llms.llmaas import with_mcp_content
from tests.helpers import mcp_checks, mcp_server

pytestmark = [*mcp_checks.MARKS, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(params=["stdio", "http"])
def server(request, tmp_path):
    with mcp_server.serve(request.param, tmp_path / "journal") as served:
        yield served


@asynccontextmanager
async def agent(server, make_llm):
    stdio = server.stdio
    client = BasicMCPClient(server.url or stdio.command, stdio.args, timeout=100)
    tools = with_mcp_content(await McpToolSpec(client).to_tool_list_async())
    agent = FunctionAgent(tools=tools, llm=make_llm(model="gemma4:31b"))

    async def run(prompt):
        return str(await agent.run(prompt))

    yield run


async def test_text_of_a_tool_reaches_the_model(sandbox, server, make_llm):
    async with agent(server, make_llm) as run:
        await mcp_checks.check_text(sandbox, run)


async def test_image_of_a_tool_reaches_the_model(sandbox, server, make_llm):
    async with agent(server, make_llm) as run:
        await mcp_checks.check_image(sandbox, run)


async def test_error_of_a_tool_reaches_the_model(sandbox, server, make_llm):
    async with agent(server, make_llm) as run:
        await mcp_checks.check_error(sandbox, run)


async def test_server_is_usable_after_a_cancelled_run(sandbox, server, make_llm):
    async with agent(server, make_llm) as run:
        await mcp_checks.check_cancelling(sandbox, run, server)
