"""The same agent in three frameworks: same questions, same answers, same requests."""

import importlib.util
import json
import re
import warnings
from pathlib import Path

import pytest

import llmaas

FOLDER = Path(__file__).parents[2] / "cookbooks" / "migration"
NEEDS = {
    "in_semantic_kernel": "semantic_kernel",
    "in_autogen": "autogen_agentchat",
    "in_agent_framework": "agent_framework",
}
QUESTION = "What is the weather in Paris?"
ANSWER = "Paris: sunny, 21 degrees"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=NEEDS)
def agent(request, sandbox):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing the frameworks may warn
        need = NEEDS[request.param]
        pytest.importorskip(need, reason=f"{need} is not installed")
        return loaded(request.param)


def loaded(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_it_answers_with_its_tool(sandbox, agent):
    assert await agent.ask(QUESTION) == ANSWER
    first, second = (request.json for request in sandbox.requests)
    (tool,) = first["tools"]
    assert tool["function"]["name"].endswith("get_weather")
    assert tool["function"]["description"] in (
        "Get the weather of a city",
        "Get the weather of a city.",
    )
    assert first["messages"] == [
        {"role": "system", "content": "Answer about the weather."},
        {"role": "user", "content": QUESTION, **named(first)},
    ]
    roles = [message["role"] for message in second["messages"]]
    assert roles == ["system", "user", "assistant", "tool"]
    assert second["messages"][-1]["content"] == ANSWER


def named(body):
    """AutoGen names who asks."""
    message = body["messages"][-1]
    return {"name": "user"} if "name" in message else {}


async def test_it_streams(sandbox, agent):
    pieces = await agent.stream(QUESTION)
    assert len(pieces) > 2
    assert "".join(pieces).endswith(ANSWER)
    assert all(request.json["stream"] for request in sandbox.requests)


async def test_it_remembers(sandbox, agent):
    assert await agent.remember("My name is Zoé.", "Say 'oui'") == 4
    assert "My name is Zoé." in json.dumps(sandbox.requests[-1].json, ensure_ascii=False)


async def test_it_parses(sandbox, agent):
    forecast = await agent.parse("The weather: it is 21 degrees in Paris")
    assert forecast.celsius == 21
    assert sandbox.requests[-1].json["response_format"]["type"] == "json_schema"


async def test_errors_are_the_core_s_in_each(sandbox, agent):
    sandbox.script([{"status": 400, "json": {"error": {"message": "no", "param": "messages"}}}])
    with pytest.raises(llmaas.BadRequestError) as caught:
        await agent.ask(QUESTION)
    assert caught.value.param == "messages"


def test_the_page_shows_the_code_that_runs():
    page = (FOLDER / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    code = "\n".join((FOLDER / f"{name}.py").read_text() for name in NEEDS)
    assert len(blocks) >= 12
    for block in blocks:
        for line in filter(str.strip, block.splitlines()):
            assert line in code.splitlines(), line
