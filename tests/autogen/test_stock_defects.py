"""Nineteen measured defects of AutoGen's stock client that ours does not have.

The tests beside this file go further into each; here is one for each, as an agent meets it.
"""

import asyncio
import logging
import warnings

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import TokenUsageTermination
from autogen_agentchat.messages import ModelClientStreamingChunkEvent, StructuredMessage
from autogen_agentchat.teams import RoundRobinGroupChat, SelectorGroupChat
from autogen_core.memory import ListMemory, MemoryContent, MemoryMimeType
from autogen_core.model_context import TokenLimitedChatCompletionContext
from autogen_core.models import ModelFamily, UserMessage
from pydantic import BaseModel

from autogen_llmaas import LLMaaSChatCompletionClient
from llmaas import MissingAPIKeyError, StreamInterrupted, StructuredOutputError
from llmaas.warnings import EmptyAnswerWarning

MODEL = "gpt-oss:120b"
HELLO = [UserMessage(content="Hello", source="user")]
PARIS = {"name": "weather", "arguments": {"city": "Paris"}, "id": "call_1"}
LYON = {"name": "weather", "arguments": {"city": "Lyon"}, "id": "call_2"}


class Report(BaseModel):
    city: str


def weather(city: str) -> str:
    """Weather of a city."""
    return f"{city}: 21"


def agent(client, name="agent", **options):
    return AssistantAgent(name, client, **options)


def sent(sandbox):
    return list(sandbox.requests)[-1].json


def test_defect_01_no_model_info_is_needed():
    assert LLMaaSChatCompletionClient("a-model-of-tomorrow").model_info["family"] == "unknown"


async def test_defect_02_a_streaming_team_stops_by_its_usage(client):
    team = RoundRobinGroupChat(
        [agent(client, model_client_stream=True)],
        termination_condition=TokenUsageTermination(max_total_token=1),
        max_turns=5,
    )
    result = await team.run(task='Say "Oui"')
    assert "Token usage" in result.stop_reason


@pytest.mark.parametrize("shape", ["reasoning", "reasoning_content"])
async def test_defect_03_reasoning_of_tool_turns_is_kept_and_echoed(client, sandbox, shape):
    sandbox.script(
        [{"tool_calls": [PARIS], "reasoning": "Hm.", "fault": shape}, {"content": "Fine."}]
    )
    await agent(client, tools=[weather], reflect_on_tool_use=True).run(task="Weather in Paris?")
    assert sent(sandbox)["messages"][2]["reasoning_content"] == "Hm."


async def test_defect_04_a_streamed_thought_is_whole(client, sandbox):
    sandbox.script([{"content": "Oui.", "reasoning": "think hard: kin>"}])
    *_, result = [x async for x in client.create_stream(HELLO)]
    assert result.thought == "think hard: kin>"


@pytest.mark.parametrize("shape", ["think", "lone-think-close"])
async def test_defect_05_no_think_tag_in_the_chunks_and_no_warning(sandbox, shape):
    client = LLMaaSChatCompletionClient("qwen3.6:27b")
    sandbox.script([{"content": "Oui.", "reasoning": "editor?", "fault": shape}])
    events = agent(client, model_client_stream=True).run_stream(task="Who?")
    chunks = [e async for e in events if isinstance(e, ModelClientStreamingChunkEvent)]
    assert "".join(chunk.content for chunk in chunks) == "Oui."


@pytest.mark.parametrize("fault", ["text-and-tool", "tool-repeat-id", "tool-same-index"])
async def test_defect_06_odd_tool_deltas_are_two_calls(client, sandbox, fault):
    sandbox.script([{"content": "Well.", "tool_calls": [PARIS, LYON], "fault": fault}])
    *_, result = [x async for x in client.create_stream(HELLO, tools=[{"name": "weather"}])]
    assert [(call.id, call.name) for call in result.content] == [
        ("call_1", "weather"),
        ("call_2", "weather"),
    ]


async def test_defect_07_usage_on_the_finish_chunk_and_a_cut_stream(client, sandbox):
    sandbox.script(
        [
            {"content": "Oui.", "fault": "usage-finish"},
            {"content": "one two three four five", "fault": "cut:3"},
        ]
    )
    *_, result = [x async for x in client.create_stream(HELLO)]
    assert result.finish_reason == "stop"
    with pytest.raises(StreamInterrupted):
        await agent(client, model_client_stream=True).run(task="Hi")


async def test_defect_08_tokens_are_counted_without_a_download(client):
    context = TokenLimitedChatCompletionContext(client)
    assert (await agent(client, model_context=context).run(task="Hi")).messages
    assert 0 < client.remaining_tokens(HELLO) < 131_072


async def test_defect_09_memory_does_not_break_the_request(client, sandbox):
    memory = ListMemory()
    await memory.add(MemoryContent(content="Be kind.", mime_type=MemoryMimeType.TEXT))
    await agent(client, memory=[memory]).run(task="Hi")
    assert [m["role"] for m in sent(sandbox)["messages"]] == ["system", "user"]


async def test_defect_10_structured_output_beside_plain_tools(client, sandbox):
    fenced = {"content": '{"city": "Paris"}', "fault": "fenced-json"}
    sandbox.script([{"tool_calls": [PARIS]}, fenced])
    options = {"tools": [weather], "output_content_type": Report, "reflect_on_tool_use": True}
    message = (await agent(client, **options).run(task="Weather?")).messages[-1]
    assert isinstance(message, StructuredMessage)
    cut = {"content": '{"city": "Par', "finish_reason": "length"}
    sandbox.script([cut, cut])
    with pytest.raises(StructuredOutputError, match="max_tokens"):
        await client.create(HELLO, json_output=Report)


async def test_defect_11_a_name_with_accents_kills_no_team(client):
    team = RoundRobinGroupChat([agent(client, "rédacteur"), agent(client, "Élise")], max_turns=2)
    assert {m.source for m in (await team.run(task="Hi")).messages} >= {"rédacteur", "Élise"}


async def test_defect_12_names_are_left_out_for_servers_that_refuse_them(sandbox):
    client = LLMaaSChatCompletionClient(MODEL, include_name_in_message=False)
    await agent(client).run(task="Hi")
    assert not [m for m in sent(sandbox)["messages"] if "name" in m]


async def test_defect_13_many_429s_reach_no_agent(sandbox):
    refused = {"status": 429, "headers": {"retry-after": "0.05"}, "json": {"error": {}}}
    sandbox.script([refused] * 6)
    assert (await agent(LLMaaSChatCompletionClient(MODEL)).run(task="Hi")).messages[-1].content


async def test_defect_14_nothing_of_another_vendor_is_sent(sandbox, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-vendor")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-vendor")
    await agent(LLMaaSChatCompletionClient(MODEL)).run(task="Hi")
    assert "another-vendor" not in str(list(sandbox.requests)[-1].headers)
    monkeypatch.delenv("LLMAAS_API_KEY")
    with pytest.raises(MissingAPIKeyError):
        await agent(LLMaaSChatCompletionClient(MODEL)).run(task="Hi")


async def test_defect_15_headers_per_call(client, sandbox):
    await client.create(HELLO, extra_create_args={"extra_headers": {"x-trace": "7"}})
    assert list(sandbox.requests)[-1].headers["x-trace"] == "7"


async def test_defect_16_no_warnings_at_each_call(client, sandbox):
    sandbox.script([{"tool_calls": [PARIS], "finish_reason": "stop", "model": "another/name"}])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = await client.create(HELLO, tools=[{"name": "weather"}])
    assert result.finish_reason == "function_calls"


def test_defect_17_a_second_event_loop(client):
    for _ in range(3):
        assert asyncio.run(agent(client).run(task="Hi")).messages


async def test_defect_18_a_budget_for_reasoning_and_a_warning(client, sandbox):
    sandbox.script([{"content": "", "reasoning": "Long.", "finish_reason": "length"}])
    with pytest.warns(EmptyAnswerWarning, match="max_tokens"):
        await client.create(HELLO)
    assert sent(sandbox)["max_tokens"] == 16_384


async def test_defect_19_a_selector_always_sends_a_user_turn(sandbox):
    client = LLMaaSChatCompletionClient(MODEL, model_info={"family": ModelFamily.GPT_4O})
    sandbox.script([{"content": "two"}, {"content": "Fine."}])
    agents = [agent(client, name, description=name) for name in ("one", "two")]
    await SelectorGroupChat(agents, client, max_turns=1).run(task="Go")
    for request in sandbox.requests:
        assert "user" in {message["role"] for message in request.json["messages"]}


async def test_model_calls_are_in_the_event_log_when_it_is_on(client, caplog):
    await client.create(HELLO)
    assert not caplog.records
    with caplog.at_level(logging.INFO, logger="autogen_core.events"):
        await client.create(HELLO)
        assert [x async for x in client.create_stream(HELLO)]
    kinds = [record.msg.kwargs["type"] for record in caplog.records]
    assert kinds == ["LLMCall", "LLMStreamStart", "LLMStreamEnd"]
    assert "Hello" in str(caplog.records[0].msg)
    assert caplog.records[0].msg.completion_tokens > 0
