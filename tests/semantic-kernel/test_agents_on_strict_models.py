"""Agents of Semantic Kernel on models with strict chat templates."""

import asyncio

import pytest
from semantic_kernel.agents import (
    ChatCompletionAgent,
    ChatHistoryAgentThread,
    GroupChatOrchestration,
    HandoffOrchestration,
    OrchestrationHandoffs,
    RoundRobinGroupChatManager,
    SequentialOrchestration,
)
from semantic_kernel.agents.runtime import InProcessRuntime
from semantic_kernel.contents import ChatHistory
from semantic_kernel.functions import KernelPlugin, kernel_function

from semantic_kernel_llmaas import LLMaaSChatCompletion

MODELS = ["mistral-small4:119b", "qwen3.6:27b"]


class Weather:
    @kernel_function(name="get_weather", description="Tell the weather.")
    def get_weather(self, city: str) -> str:
        return f"21 degrees in {city}"


CALL = {"name": "Weather-get_weather", "arguments": {"city": "Paris"}}


def agent(name, model):
    return ChatCompletionAgent(
        service=LLMaaSChatCompletion(model),
        name=name,
        description=name,
        instructions="Be brief.",
        plugins=[Weather()],
    )


def steps(n):
    calling = [{"tool_calls": [CALL]}, {"tool_calls": [CALL, CALL], "content": "I look."}]
    return [calling[i // 2 % 2] if i % 2 else {"content": "So."} for i in range(n)]


def refused(sandbox):
    return [request for request in sandbox.requests if request.status == 400]


@pytest.mark.parametrize("model", MODELS)
async def test_thread_of_two_agents_is_accepted_by_strict_models(sandbox, model):
    sandbox.script(steps(120))
    agents = [agent(name, model) for name in ("ann", "bob")]
    thread = ChatHistoryAgentThread(ChatHistory(system_message="You know Paris."))
    for turn in range(20):
        await agents[turn % 2].get_response(f"Turn {turn}", thread=thread)
    assert len(sandbox.requests) > 20
    assert refused(sandbox) == []


async def finished(orchestration):
    runtime = InProcessRuntime()
    runtime.start()
    try:
        result = await orchestration.invoke(task="What is the weather?", runtime=runtime)
        return await result.get(timeout=60)
    finally:
        await runtime.stop_when_idle()


@pytest.mark.parametrize("model", MODELS)
async def test_group_chat_requests_are_accepted_by_strict_models(sandbox, model):
    sandbox.script(steps(120))
    members = [agent(name, model) for name in ("ann", "bob")]
    chat = GroupChatOrchestration(
        members=members, manager=RoundRobinGroupChatManager(max_rounds=20)
    )
    await finished(chat)
    assert len(sandbox.requests) > 20
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
async def test_handoffs_are_never_refused(sandbox, model):
    ann, bob = (agent(name, model) for name in ("ann", "bob"))
    handoffs = OrchestrationHandoffs().add("ann", "bob", "to bob").add("bob", "ann", "to ann")
    passes = [
        {"tool_calls": [{"name": f"Handoff-transfer_to_{name}", "arguments": {}}]}
        for name in ("bob", "ann")
    ]
    end = {"name": "Handoff-complete_task", "arguments": {"task_summary": "Done."}}
    rounds = [{"tool_calls": [CALL]}, passes[0], {"tool_calls": [CALL, CALL]}, passes[1]]
    sandbox.script([*rounds * 5, {"tool_calls": [end]}, *steps(8)])
    await finished(HandoffOrchestration(members=[ann, bob], handoffs=handoffs))
    assert len(sandbox.requests) > 5
    assert refused(sandbox) == []


@pytest.mark.parametrize("model", MODELS)
async def test_sequence_is_accepted_by_strict_models(sandbox, model):
    sandbox.script(steps(200))
    members = [agent(f"agent{n}", model) for n in range(20)]
    await finished(SequentialOrchestration(members=members))
    assert len(sandbox.requests) > 20
    assert refused(sandbox) == []


class SlowWeather:
    def __init__(self):
        self.began = asyncio.Event()

    @kernel_function(name="get_weather", description="Tell the weather.")
    async def get_weather(self, city: str) -> str:
        self.began.set()
        await asyncio.sleep(60)
        return city


async def talk(speaker, thread, text, streamed):
    if streamed:
        return [piece async for piece in speaker.invoke_stream(text, thread=thread)]
    return await speaker.get_response(text, thread=thread)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("model", MODELS)
async def test_thread_is_accepted_by_strict_models_when_turns_are_cancelled(
    sandbox, model, streamed
):
    sandbox.script([{"tool_calls": [CALL, CALL], "content": "I look."}, {"content": "So."}] * 20)
    history = ChatHistory(system_message="You know Paris.")
    for turn in range(20):
        plugin = Weather() if turn % 3 else SlowWeather()
        speaker = ChatCompletionAgent(
            service=LLMaaSChatCompletion(model),
            name="ann",
            plugins=[KernelPlugin.from_object("Weather", plugin)],
        )
        thread = ChatHistoryAgentThread(ChatHistory.restore_chat_history(history.serialize()))
        run = asyncio.ensure_future(talk(speaker, thread, f"Turn {turn}", streamed))
        if isinstance(plugin, SlowWeather):
            await plugin.began.wait()
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            sandbox.reset()
            sandbox.script([{"tool_calls": [CALL, CALL]}, {"content": "So."}] * 20)
        else:
            await run
        history = ChatHistory(messages=[message async for message in thread.get_messages()])
        assert refused(sandbox) == []
    assert len(history.messages) > 30
