"""Reasoning in answers and in later requests."""

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_core import FunctionCall
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    UserMessage,
)

from autogen_llmaas import LLMaaSChatCompletionClient

WEATHER = {"name": "weather", "description": "Weather", "parameters": {"type": "object"}}
CALL = {"name": "weather", "arguments": {"city": "Paris"}, "id": "call_1"}
SHAPES = ["reasoning_content", "reasoning", "reasoning-both", "think", "lone-think-close"]
PLAIN = "llama3.3:70b"


@pytest.mark.parametrize("shape", SHAPES)
async def test_thought_beside_text(ask, client, sandbox, shape):
    sandbox.script([{"content": "Oui.", "reasoning": "Hm.", "fault": shape}])
    answer = await ask(client, "Hi")
    assert answer.result.content == "Oui."
    assert answer.result.thought.strip() == "Hm."


@pytest.mark.parametrize("shape", ["reasoning_content", "reasoning", "think"])
async def test_thought_beside_tool_calls(ask, client, sandbox, shape):
    sandbox.script([{"tool_calls": [CALL], "reasoning": "Look it up.", "fault": shape}])
    answer = await ask(client, "Weather?", tools=[WEATHER])
    assert answer.result.content == [
        FunctionCall(id="call_1", name="weather", arguments='{"city": "Paris"}')
    ]
    assert answer.result.thought.strip() == "Look it up."


@pytest.mark.parametrize("shape", ["reasoning_content", "think"])
async def test_thought_keeps_its_first_letters(ask, client, sandbox, shape):
    thought = "think hard: think about this, then think"
    sandbox.script([{"content": "Oui.", "reasoning": thought, "fault": shape}])
    assert (await ask(client, "Hi")).result.thought.strip() == thought


@pytest.mark.parametrize("family", ["unknown", "r1", "gpt-4o"])
@pytest.mark.parametrize("shape", ["think", "lone-think-close"])
async def test_think_tags_never_reach_the_text(ask, sandbox, shape, family):
    client = LLMaaSChatCompletionClient("qwen3.6:27b", model_info={"family": family})
    sandbox.script([{"content": "Oui.", "reasoning": "writer or editor?", "fault": shape}])
    answer = await ask(client, "Who is next?")
    assert answer.text == "Oui."
    assert "writer" not in answer.text
    assert answer.result.thought.strip() == "writer or editor?"


async def test_reasoning_is_sent_back_to_reasoning_models(client, sandbox):
    sandbox.script([{"tool_calls": [CALL], "reasoning": "Look it up."}, {"content": "Fine."}])
    agent = AssistantAgent("a", client, tools=[weather], reflect_on_tool_use=True)
    await agent.run(task="Weather in Paris?")
    said = list(sandbox.requests)[-1].json["messages"][2]
    assert said["reasoning_content"] == "Look it up."
    assert said["content"] is None
    assert said["tool_calls"][0]["id"] == "call_1"


async def test_text_and_reasoning_both_come_back_as_they_were(client, sandbox):
    step = {"content": "One moment.", "tool_calls": [CALL], "reasoning": "Look it up."}
    sandbox.script([{**step, "fault": "text-and-tool"}, {"content": "Fine."}])
    agent = AssistantAgent("a", client, tools=[weather], reflect_on_tool_use=True)
    await agent.run(task="Weather in Paris?")
    text, call = list(sandbox.requests)[-1].json["messages"][2:4]  # the template of gpt-oss
    assert (text["content"], call["reasoning_content"]) == ("One moment.", "Look it up.")


async def test_other_models_get_their_text_back(sandbox):
    sandbox.script(
        [{"content": "One moment.", "tool_calls": [CALL], "fault": "text-and-tool,no-reasoning"}]
    )
    agent = AssistantAgent(
        "a", LLMaaSChatCompletionClient(PLAIN), tools=[weather], reflect_on_tool_use=True
    )
    await agent.run(task="Weather in Paris?")
    said = list(sandbox.requests)[-1].json["messages"][2]
    assert said["content"] == "One moment."
    assert "reasoning_content" not in said


@pytest.mark.parametrize("echo", [True, False])
async def test_send_reasoning_applies_to_restored_states(sandbox, echo):
    client = LLMaaSChatCompletionClient(PLAIN, send_reasoning=echo)
    await client.create(
        [
            UserMessage(content="Weather?", source="user"),
            AssistantMessage(
                content=[FunctionCall(id="old", name="weather", arguments="{}")],
                source="a",
                thought="Look it up.",
            ),
            FunctionExecutionResultMessage(
                content=[FunctionExecutionResult(content="21", name="weather", call_id="old")]
            ),
        ]
    )
    said = list(sandbox.requests)[-1].json["messages"][1]
    expected = (None, "Look it up.") if echo else ("Look it up.", None)
    assert (said["content"], said.get("reasoning_content")) == expected


def weather(city: str) -> str:
    """Weather of a city."""
    return f"{city}: 21"
