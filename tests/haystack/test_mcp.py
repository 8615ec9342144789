"""Tools of an MCP server in Agents, over stdio and HTTP."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("haystack_integrations.tools.mcp")

from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage
from haystack.tools.errors import ToolInvocationError
from haystack_integrations.tools.mcp import MCPToolset, StdioServerInfo, StreamableHttpServerInfo

from haystack_integrations.common.llmaas import mcp
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from tests.helpers import mcp_server
from tests.helpers.mcp_server import Journal

# The SDK's client over HTTP leaves its sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
PNG = base64.b64encode(mcp_server.PNG).decode()


@pytest.fixture(autouse=True)
def finalize_sockets() -> Iterator[None]:
    """Finalize the SDK's sockets in their own test."""
    yield
    gc.collect()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


@pytest.fixture(params=["stdio", "http"])
def server(request: Any, journal: Journal) -> Iterator[Any]:
    if request.param == "http":
        with mcp_server.over_http(journal.path) as url:
            yield StreamableHttpServerInfo(url=url)
        return
    program = mcp_server.over_stdio(journal.path)
    yield StdioServerInfo(command=program.command, args=program.args, env=dict(os.environ))


@pytest.fixture
def make_agent(server: Any) -> Iterator[Callable[..., Agent]]:
    toolsets = []

    def make(model: str = "gpt-oss:120b", *, plain: bool = False, **options: Any) -> Agent:
        outputs = {} if plain else dict.fromkeys(mcp_server.NAMES, mcp.OUTPUT)
        toolset = MCPToolset(server, outputs_to_string=outputs, **options)
        toolsets.append(toolset)
        generator = LLMaaSChatGenerator(model=model, max_retries=0)
        return Agent(chat_generator=generator, tools=toolset)

    yield make
    for toolset in toolsets:
        toolset.close()


def asks(name: str, **arguments: Any) -> dict[str, Any]:
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


def user(text: str = "?") -> list[ChatMessage]:
    return [ChatMessage.from_user(text)]


def test_mcp_tool_returns_its_text(sandbox: Any, run: Any, make_agent: Any, journal: Any) -> None:
    sandbox.script([asks("weather", city="Nice", days=3), {"content": "Soleil."}])
    result = run(make_agent(), messages=user())
    assert result["last_message"].text == "Soleil."
    first, second = (request.json for request in sandbox.requests)
    functions = {tool["function"]["name"]: tool["function"] for tool in first["tools"]}
    assert [*functions] == mcp_server.NAMES
    assert functions["weather"]["parameters"]["required"] == ["city"]
    assert second["messages"][-1]["content"] == "3 day(s) of sun in Nice"
    assert journal.words == ["weather"]


def test_mcp_image_reaches_a_model_with_vision(sandbox: Any, run: Any, make_agent: Any) -> None:
    sandbox.script([asks("picture"), {"content": "Rouge."}])
    reply = run(make_agent("gemma4:31b"), messages=user())["last_message"]
    tool, last = sandbox.requests[-1].json["messages"][-2:]
    assert (tool["role"], tool["content"]) == ("tool", "A picture:")
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    assert last["content"][-1] == image
    assert "tool_media" in {change["kind"] for change in reply.meta["adjustments"]}


def test_mcp_image_is_base64_text_when_no_handler_is_set(
    sandbox: Any, run: Any, make_agent: Any
) -> None:
    """What mcp-haystack does by itself, with any generator."""
    sandbox.script([asks("picture"), {"content": "Rouge."}])
    run(make_agent("gemma4:31b", plain=True), messages=user())
    assert PNG in sandbox.requests[-1].json["messages"][-1]["content"]


def test_mcp_error_reaches_the_model(sandbox: Any, run: Any, make_agent: Any) -> None:
    sandbox.script([asks("broken", reason="papier"), {"content": "Plus de papier."}])
    assert run(make_agent(), messages=user())["exit_reason"] == "text"
    assert "out of order: papier" in sandbox.requests[-1].json["messages"][-1]["content"]


def test_mcp_timeout_reaches_the_model(sandbox: Any, make_agent: Any) -> None:
    sandbox.script([asks("slow"), {"content": "Trop long."}])
    agent = make_agent(invocation_timeout=0.5)
    assert agent.run(messages=user())["last_message"].text == "Trop long."
    assert "timed out" in sandbox.requests[-1].json["messages"][-1]["content"]


async def test_mcp_call_ends_when_the_agent_is_cancelled(
    sandbox: Any, make_agent: Any, journal: Journal
) -> None:
    sandbox.script([asks("slow")])
    task = asyncio.create_task(make_agent().run_async(messages=user()))
    while "slow" not in journal.words:
        await asyncio.sleep(0.01)
        assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(sandbox.requests) == 1


def test_handler_survives_yaml(server: Any) -> None:
    toolset = MCPToolset(server, outputs_to_string={"picture": mcp.OUTPUT})
    agent = Agent(chat_generator=LLMaaSChatGenerator(), tools=toolset)
    pipeline = Pipeline()
    pipeline.add_component("agent", agent)
    again = Pipeline.loads(pipeline.dumps())
    assert again.get_component("agent").tools.outputs_to_string["picture"] == mcp.OUTPUT


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "a\nb"),
        ({"content": [{"type": "resource", "resource": {"uri": "x:y", "text": "z"}}]}, "z"),
        ({"content": [{"type": "audio", "mimeType": "audio/wav", "data": "A"}]},
         "[audio audio/wav]"),
        ({"content": [{"type": "resource_link", "uri": "file:a", "name": "a"}]},
         "[resource_link file:a]"),
        ({"content": []}, ""),
        ({"content": "text"}, '{"content": "text"}'),
        ({"other": 1}, '{"other": 1}'),
        (None, "null"),
    ],
)  # fmt: skip
def test_blocks_of_other_types_become_text(result: Any, expected: str) -> None:
    assert mcp.to_tool_result(json.dumps(result)) == expected


def test_result_that_is_not_json_is_unchanged() -> None:
    assert mcp.to_tool_result("Bonjour") == "Bonjour"
    error = ToolInvocationError("x", "y")
    assert mcp.to_tool_result(error) is error
