"""Tools of an MCP server in agents of LangChain, over stdio and HTTP, beside ``ChatOpenAI``."""

import asyncio
import base64
import os
from contextlib import nullcontext

import pytest

pytest.importorskip("langchain_mcp_adapters", reason="langchain-mcp-adapters is not installed")

from langchain.agents import create_agent
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_openai import ChatOpenAI

from tests.helpers import mcp_server
from tests.helpers.mcp_server import Journal
from tests.helpers.waiting import soon

PICTURE = f"data:image/png;base64,{base64.b64encode(mcp_server.PNG).decode()}"


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


@pytest.fixture(params=["stdio", "http"])
def connection(request, journal):
    if request.param == "http":
        with mcp_server.over_http(journal.path) as url:
            yield {"transport": "streamable_http", "url": url}
        return
    with nullcontext(mcp_server.over_stdio(journal.path)) as program:
        yield {"transport": "stdio", "command": program.command, "args": program.args,
               "env": dict(os.environ)}  # fmt: skip


async def create(model, connection, **options):
    tools = await MultiServerMCPClient({"tests": connection}, **options).get_tools()
    assert [tool.name for tool in tools] == mcp_server.NAMES
    return create_agent(model, tools)


def asks(name, **arguments):
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


async def test_mcp_tool_returns_its_text(chat, sandbox, connection, journal):
    sandbox.script([asks("weather", city="Nice", days=3), {"content": "Sunny."}])
    agent = await create(chat(), connection)
    state = await agent.ainvoke({"messages": "Weather?"})
    assert state["messages"][-1].text == "Sunny."
    first, second = (request.json for request in sandbox.requests)
    functions = {tool["function"]["name"]: tool["function"] for tool in first["tools"]}
    assert functions["weather"]["parameters"]["required"] == ["city"]
    assert functions["weather"]["description"] == "Tell the weather of a city."
    assert second["messages"][-1]["content"] == "3 day(s) of sun in Nice"
    assert journal.words == ["weather"]


async def test_mcp_image_reaches_a_model_with_vision(chat, sandbox, connection):
    sandbox.script([asks("picture"), {"content": "Red."}])
    agent = await create(chat(model="gemma4:31b"), connection)
    state = await agent.ainvoke({"messages": "Look."})
    tool, user = sandbox.requests[-1].json["messages"][-2:]
    assert (tool["role"], tool["content"]) == ("tool", "A picture:")
    assert user["role"] == "user"
    assert user["content"][-1] == {"type": "image_url", "image_url": {"url": PICTURE}}
    kinds = {c["kind"] for c in state["messages"][-1].response_metadata["adjustments"]}
    assert "tool_media" in kinds


async def test_mcp_image_stays_in_the_tool_message_when_sent_by_chatopenai(sandbox, journal):
    """The service refuses images there: the reason for our conversion."""
    program = mcp_server.over_stdio(journal.path)
    connection = {"transport": "stdio", "command": program.command, "args": program.args}
    sandbox.script([asks("picture"), {"content": "Red."}])
    stock = ChatOpenAI(model="gemma4:31b", api_key=sandbox.api_key, base_url=sandbox.base_url)
    await (await create(stock, connection)).ainvoke({"messages": "Look."})
    last = sandbox.requests[-1].json["messages"][-1]
    assert last["role"] == "tool"
    assert {part["type"] for part in last["content"]} == {"text", "image_url"}


async def test_mcp_error_reaches_the_model(chat, sandbox, connection):
    sandbox.script([asks("broken", reason="no paper"), {"content": "Out of paper."}])
    agent = await create(chat(), connection)
    state = await agent.ainvoke({"messages": "Print."})
    assert state["messages"][-1].text == "Out of paper."
    assert "out of order: no paper" in sandbox.requests[-1].json["messages"][-1]["content"]


async def test_mcp_call_is_cancelled_with_the_agent(chat, sandbox, connection, journal):
    sandbox.script([asks("slow")])
    agent = await create(chat(), connection)
    task = asyncio.create_task(agent.ainvoke({"messages": "Wait."}))
    await soon(lambda: "slow" in journal.words)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(sandbox.requests) == 1
