"""Tools of an MCP server in an agent."""

import json
from contextlib import asynccontextmanager

import pytest
from autogen_agentchat.agents import AssistantAgent

from autogen_llmaas import LLMaaSChatCompletionClient
from tests.helpers import mcp_checks, mcp_server

mcp = pytest.importorskip(
    "autogen_ext.tools.mcp", reason="autogen-ext[mcp] is not installed", exc_type=ImportError
)
pytestmark = mcp_checks.MARKS


@asynccontextmanager
async def agent(server, model="gemma4:31b"):
    if server.url:
        parameters = mcp.StreamableHttpServerParams(url=server.url)
    else:
        parameters = mcp.StdioServerParams(
            command=server.stdio.command, args=server.stdio.args, read_timeout_seconds=100
        )
    client = LLMaaSChatCompletionClient(model, max_retries=0)
    async with mcp.McpWorkbench(parameters) as workbench:

        async def run(prompt):
            agent = AssistantAgent("a", client, workbench=workbench, reflect_on_tool_use=True)
            return (await agent.run(task=prompt)).messages[-1].content

        yield run


@pytest.fixture
def connect():
    return agent


class TestAgent(mcp_checks.AgentTests):
    @pytest.fixture(params=["stdio", "http"])
    def server(self, request, tmp_path):
        if request.param == "http" and not hasattr(mcp, "StreamableHttpServerParams"):
            pytest.skip("autogen-ext before 0.6 has no streamable HTTP")
        with mcp_server.serve(request.param, tmp_path / "journal") as served:
            yield served

    async def test_image_of_a_tool_is_left_out_when_the_model_has_no_vision(self, sandbox, server):
        sandbox.script([mcp_checks.call("picture"), {"content": "?"}])
        async with agent(server, "gpt-oss:120b") as run:
            assert await run("What is on the picture?") == "?"
        messages = list(sandbox.requests)[-1].json["messages"]
        assert "A picture:\\n[Image]" in json.dumps(messages)
