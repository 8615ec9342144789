"""Checks of an agent that uses the tools of ``mcp_server``, for every framework.

``run`` sends a prompt to the agent and returns the text of its answer. ``prefix`` is what the
framework puts before the names of tools.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import mcp_server
from tests.helpers.mcp_server import NAMES, PNG, Served
from tests.helpers.waiting import soon

MARKS = [
    pytest.mark.filterwarnings("ignore:Use `streamable_http_client`:DeprecationWarning"),
    # Frameworks and older SDKs leave streams and processes to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
Run = Callable[[str], Awaitable[str]]
Connect = Callable[[Served], AbstractAsyncContextManager[Run]]
Check = Callable[[Any, Run, str], Awaitable[None]]
SECONDS = 120.0
"""Longest wait; the slow tool takes longer. Servers over stdio start slowly on a busy machine."""


def call(name: str, prefix: str = "", **arguments: Any) -> dict[str, Any]:
    """Script an answer that calls a tool."""
    return {"tool_calls": [{"name": prefix + name, "arguments": json.dumps(arguments)}]}


async def check_text(sandbox: Any, run: Run, prefix: str = "") -> None:
    """The model gets the schemas of the tools and the text of a result."""
    sandbox.script([call("weather", prefix, city="Lyon", days=2), {"content": "Sun."}])
    assert await run("Weather?") == "Sun."
    tools = {each["function"]["name"]: each["function"] for each in _bodies(sandbox)[0]["tools"]}
    assert set(tools) == {prefix + name for name in NAMES}
    weather = tools[f"{prefix}weather"]
    assert weather["description"] == "Tell the weather of a city."
    assert weather["parameters"]["properties"]["city"]["type"] == "string"
    assert "city" in weather["parameters"]["required"]
    assert "2 day(s) of sun in Lyon" in _results(sandbox)[-1]


async def check_image(sandbox: Any, run: Run, prefix: str = "") -> None:
    """The model sees the image of a result, and its text."""
    sandbox.script([call("picture", prefix), {"content": "Red."}])
    assert await run("What is on the picture?") == "Red."
    sent = _bodies(sandbox)[1]["messages"]
    data = base64.b64encode(PNG).decode()
    parts = [part for each in sent if isinstance(each["content"], list) for part in each["content"]]
    images = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    assert [url.partition(",")[0] for url in images] == ["data:image/png;base64"]
    shown = json.dumps(sent)
    assert "A picture:" in shown
    assert shown.count(data[:40]) <= 1  # not as text, too


async def check_error(sandbox: Any, run: Run, prefix: str = "") -> None:
    """The model reads why a tool failed, and the agent goes on."""
    sandbox.script([call("broken", prefix, reason="rust"), {"content": "Sorry."}])
    assert await run("Use it.") == "Sorry."
    assert "out of order: rust" in _results(sandbox)[-1]


async def check_cancelling(
    sandbox: Any, run: Run, server: Served, prefix: str = "", *, ends_the_tool: bool = False
) -> None:
    """A cancelled run ends at once; the next one uses the same server.

    ``ends_the_tool``: the client tells the server, which SDK 1 does not.
    """
    sandbox.script([call("slow", prefix)])
    running = asyncio.ensure_future(run("Wait."))
    await soon(lambda: "slow" in server.journal.words, SECONDS)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, SECONDS)
    if ends_the_tool:
        await soon(lambda: "slow cancelled" in server.journal.words, SECONDS)
    sandbox.script([call("weather", prefix, city="Nice"), {"content": "Sun."}])
    assert await run("Weather?") == "Sun."


class AgentTests:
    """Tests of an agent with the server's tools.

    The fixture ``connect`` of a test file connects an agent to a server, within one task.
    """

    prefix = ""
    ends_the_tool = False

    @pytest.fixture(params=["stdio", "http"])
    def server(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
        with mcp_server.serve(request.param, tmp_path / "journal") as served:
            yield served

    @pytest.mark.parametrize("check", [check_text, check_image, check_error])
    async def test_result_of_a_tool_reaches_the_model(
        self, sandbox: Any, server: Served, connect: Connect, check: Check
    ) -> None:
        async with connect(server) as run:
            await check(sandbox, run, self.prefix)

    async def test_server_is_usable_after_a_cancelled_run(
        self, sandbox: Any, server: Served, connect: Connect
    ) -> None:
        async with connect(server) as run:
            await check_cancelling(
                sandbox, run, server, self.prefix, ends_the_tool=self.ends_the_tool
            )


def _bodies(sandbox: Any) -> list[Any]:
    return [request.json for request in list(sandbox.requests)]


def _results(sandbox: Any) -> list[str]:
    """Return the contents of all tool messages in the last request."""
    messages = _bodies(sandbox)[-1]["messages"]
    return [str(each["content"]) for each in messages if each["role"] == "tool"]
