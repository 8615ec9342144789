"""Teams of AutoGen for 20 turns on models with strict chat templates."""

import asyncio

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import Handoff
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat, SelectorGroupChat, Swarm

from autogen_llmaas import LLMaaSChatCompletionClient

MODELS = ["mistral-small4:119b", "qwen3.6:27b"]
TURNS = 20


def weather(city: str) -> str:
    """Tell the weather."""
    return f"21 degrees in {city}"


def steps(n: int) -> list[dict]:
    """Return answers of which every second calls a tool, some with text beside it."""
    call = {"name": "weather", "arguments": {"city": "Paris"}}
    return [
        {"tool_calls": [call], "content": "I look." if i % 4 else None}
        if i % 2
        else {"content": "So."}
        for i in range(n)
    ]


def agents(client: LLMaaSChatCompletionClient, **options) -> list[AssistantAgent]:
    return [AssistantAgent(name, client, tools=[weather], **options) for name in ("ann", "bob")]


def refused(sandbox) -> list[object]:
    return [r for r in sandbox.requests if r.status == 400]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("reflect", [True, False])
async def test_round_robin_is_accepted_by_strict_models(sandbox, model, reflect):
    sandbox.script(steps(4 * TURNS))
    client = LLMaaSChatCompletionClient(model)
    team = RoundRobinGroupChat(
        agents(client, reflect_on_tool_use=reflect),
        termination_condition=MaxMessageTermination(TURNS),
    )
    await team.run(task="What is the weather?")
    state = await team.save_state()
    again = RoundRobinGroupChat(
        agents(client, reflect_on_tool_use=reflect),
        termination_condition=MaxMessageTermination(TURNS),
    )
    await again.load_state(state)
    await again.run(task="And tomorrow?")
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
async def test_selector_is_accepted_by_strict_models(sandbox, model):
    client = LLMaaSChatCompletionClient(model)
    answers = [{"content": name} for name in ("ann", "bob") for _ in range(1)]
    sandbox.script(
        [step for pair in zip(answers * TURNS, steps(2 * TURNS), strict=False) for step in pair]
    )
    team = SelectorGroupChat(
        agents(client), client, termination_condition=MaxMessageTermination(TURNS)
    )
    await team.run(task="What is the weather?")
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
async def test_swarm_is_accepted_by_strict_models(sandbox, model):
    client = LLMaaSChatCompletionClient(model)
    pass_on = [
        {"tool_calls": [{"name": f"transfer_to_{name}", "arguments": {}}]}
        for name in ("bob", "ann")
    ]
    rounds = [pass_on[0], *steps(2), pass_on[1], *steps(3)]
    sandbox.script(rounds * TURNS)
    ann = AssistantAgent("ann", client, tools=[weather], handoffs=[Handoff(target="bob")])
    bob = AssistantAgent("bob", client, tools=[weather], handoffs=[Handoff(target="ann")])
    team = Swarm([ann, bob], termination_condition=MaxMessageTermination(TURNS))
    await team.run(task="What is the weather?")
    await team.run(task="And tomorrow?")
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
async def test_agent_goes_on_after_its_tool_was_cancelled(sandbox, model):
    began = asyncio.Event()

    async def slow(city: str) -> str:
        """Tell the weather, slowly."""
        began.set()
        await asyncio.sleep(60)
        return city

    sandbox.script(
        [{"tool_calls": [{"name": "slow", "arguments": {"city": "P"}}]}, {"content": "Fine."}]
    )
    agent = AssistantAgent("ann", LLMaaSChatCompletionClient(model), tools=[slow])
    run = asyncio.ensure_future(agent.run(task="Weather?"))
    await began.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert (await agent.run(task="Never mind.")).messages[-1].content == "Fine."
    assert refused(sandbox) == []
