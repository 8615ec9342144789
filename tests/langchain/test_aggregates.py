"""Sums over several answers: chunks of a run, events of version 3, dumps."""

import asyncio
import json
from functools import reduce

import pytest
from langchain.agents import create_agent
from langchain_core.load import dumps, load
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import add_usage
from langchain_core.tools import tool

from langchain_llmaas import get_cost_callback

STEPS = [
    {"tool_calls": [{"name": "get_weather", "arguments": {"city": "Nice"}}], "reasoning": "Hm."},
    {"content": "Sunny."},
]


@tool
def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}."


def chunks_of(run):
    return [message for message, _ in run if isinstance(message, AIMessageChunk)]


def streamed(agent):
    return chunks_of(agent.stream({"messages": "Weather?"}, stream_mode="messages"))


def astreamed(agent):
    async def run():
        asked = {"messages": "Weather?"}
        return [piece async for piece in agent.astream(asked, stream_mode="messages")]

    return chunks_of(asyncio.run(run()))


@pytest.mark.parametrize("stream", [streamed, astreamed])
@pytest.mark.parametrize("version", ["v0", "v1"])
def test_chunks_of_an_agent_run_add_up_with_all_their_metadata(chat, sandbox, stream, version):
    sandbox.script(STEPS)
    model = chat(output_version=version, reasoning=False, logprobs=True)
    chunks = stream(create_agent(model, [get_weather]))
    gathered = reduce(lambda whole, chunk: whole + chunk, chunks)
    told = [c.usage_metadata["cost_micro_eur"] for c in chunks if c.usage_metadata]
    assert len(told) == 2
    assert gathered.usage_metadata["cost_micro_eur"] == sum(told) > 0
    assert gathered.text == "Sunny."
    assert [call["name"] for call in gathered.tool_calls] == ["get_weather"]
    assert len(gathered.response_metadata["adjustments"]) == 2
    assert json.loads(dumps(gathered))


@pytest.mark.parametrize("times", [2, 3])
def test_chunks_of_equal_answers_add_up(chat, sandbox, times):
    usage = {"prompt_tokens": 1_000, "completion_tokens": 10, "total_tokens": 1_010}
    sandbox.script([{"content": "Oui.", "reasoning": "", "usage": usage}] * times)
    chunks = [chunk for _ in range(times) for chunk in chat().stream("Hi")]
    whole = reduce(lambda one, other: one + other, chunks)
    each = chunks[-1].usage_metadata or chunks[-2].usage_metadata
    assert whole.usage_metadata["input_tokens"] == 1_000 * times
    assert whole.usage_metadata["cost_micro_eur"] == each["cost_micro_eur"] * times


def v3(model):
    return model.stream_events("Hi", version="v3").output


def av3(model):
    async def run():
        stream = await model.astream_events("Hi", version="v3")
        return await stream.output

    return asyncio.run(run())


@pytest.mark.parametrize("run", [v3, av3])
@pytest.mark.filterwarnings("ignore:.*beta")
def test_events_of_version_3_keep_the_cost(chat, sandbox, run):
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    choice = {"index": 0, "delta": {"content": "Oui."}, "finish_reason": "stop"}
    event = {"id": "c1", "model": "m", "choices": [choice], "usage": usage}
    sandbox.script([{"sse": [event, "[DONE]"], "headers": {"x-cache": "hit"}}])
    with get_cost_callback() as cost:
        message = run(chat())
    told = message.response_metadata
    assert told["cost_micro_eur"] == round(cost.cost_eur * 1e6) > 0
    assert told["cached"]
    assert message.usage_metadata["input_tokens"] > 0


@pytest.mark.parametrize("run", [v3, av3])
@pytest.mark.parametrize("version", ["v0", "v1"])
def test_truncated_call_is_one_invalid_call_in_version_3_events(chat, sandbox, run, version):
    cut = {"name": "get_weather", "arguments": '{"city": "Ni'}
    whole = {"name": "get_weather", "arguments": {"city": "Nice"}}
    sandbox.script([{"tool_calls": [whole, cut], "finish_reason": "length", "reasoning": "Hm."}])
    message = run(chat(output_version=version))
    assert [call["args"] for call in message.tool_calls] == [{"city": "Nice"}]
    (invalid,) = message.invalid_tool_calls
    assert (invalid["name"], invalid["args"]) == ("get_weather", '{"city": "Ni')
    types = [block["type"] for block in message.content_blocks]
    assert types == ["reasoning", "tool_call", "invalid_tool_call"]


@pytest.mark.parametrize("run", [v3, av3])
@pytest.mark.parametrize("version", ["v0", "v1"])
@pytest.mark.parametrize("arguments", ["[1, 2]", "5", "true", '"Nice"'])
def test_arguments_that_are_no_object_are_invalid_in_version_3_events(
    chat, sandbox, run, version, arguments
):
    sandbox.script([{"tool_calls": [{"name": "get_weather", "arguments": arguments}]}])
    model = chat(output_version=version)
    message = run(model)
    assert message.tool_calls == []
    (invalid,) = message.invalid_tool_calls
    assert invalid["name"] == "get_weather"
    sent = model.build_request([message])["messages"][0]["tool_calls"]
    assert [call["function"]["arguments"] for call in sent] == [arguments]


@pytest.mark.parametrize("part", [None, "text"], ids=["events", "text"])
@pytest.mark.filterwarnings("ignore:.*beta")
def test_cost_is_counted_when_version_3_events_are_only_iterated(chat, part):
    """LangChain's task that would report the end is cancelled with the loop (ChatOpenAI too)."""

    async def run():
        stream = await chat().astream_events("Hi", version="v3")
        return [event async for event in (getattr(stream, part) if part else stream)]

    with get_cost_callback() as outer, get_cost_callback() as inner:
        assert asyncio.run(run())
        asyncio.run(run())
    assert inner.calls == outer.calls == 2
    assert inner.cost_micro_eur == outer.cost_micro_eur > 0


@pytest.mark.filterwarnings("ignore:.*beta")
def test_dump_of_several_answers_adds_up(chat):
    messages = [chat().invoke("Hi"), v3(chat()), *[chat().invoke("Hi, Hi")] * 2]
    again = load(json.loads(dumps(messages)), allowed_objects=[AIMessage])
    costs = [message.response_metadata["cost_micro_eur"] for message in again]
    assert all(type(cost) is int and cost > 0 for cost in costs)
    added = reduce(add_usage, (message.usage_metadata for message in [again[0], *again[2:]]))
    assert added["cost_micro_eur"] == costs[0] + sum(costs[2:])
