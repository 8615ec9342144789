"""Requests and responses of recorded cassettes, with both SDK major versions."""

import json

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_core.memory import MemoryContent, MemoryMimeType
from autogen_core.models import AssistantMessage, FunctionExecutionResult, UserMessage
from autogen_core.models import FunctionExecutionResultMessage as Results
from autogen_core.tools import FunctionTool
from pydantic import BaseModel

import llmaas
from autogen_llmaas import LLMaaSChatCompletionClient, LLMaaSEmbeddings, LLMaaSMemory
from tests.helpers.cassettes import scenarios as on

EMBEDDER = "granite-embedding:278m"


class City(BaseModel):
    name: str


def get_weather(city: str) -> str:
    return f"18 degrees in {city}"


WEATHER = FunctionTool(get_weather, description="Weather in a city")


@pytest.fixture
def start(play, streams):
    """Play a scenario's cassette, the streamed one if the test streams; return a client."""

    def start(scenario, model=on.TALKER, faults="", **options):
        play(f"{scenario}-stream" if streams else scenario, faults=faults)
        return LLMaaSChatCompletionClient(model, max_retries=0, rate_limit_timeout=0, **options)

    return start


async def test_chat(start, ask):
    client = start("chat")
    answer = await ask(client, on.SAY)
    usage = answer.result.usage
    assert answer.text == answer.result.content == "été"
    assert answer.result.finish_reason == "stop"
    assert usage.prompt_tokens > 0
    assert client.total_usage() == usage
    cost = on.micro_eur(usage.prompt_tokens, usage.completion_tokens)
    assert client.cost_eur == pytest.approx(cost / 1e6)


async def test_reasoning(start, ask):
    client = start("reasoning", on.THINKER)
    answer = await ask(client, on.SKY)
    assert "ciel" in answer.result.thought
    assert answer.result.thought not in answer.text
    assert client.totals.reasoning_tokens > 0


async def test_several_tools_at_once(start, ask):
    """Two calls, their results, the answer: two exchanges."""
    client = start("tools")
    turns = [UserMessage(content=on.TWO_CITIES, source="user")]
    asked = (await ask(client, turns, tools=[WEATHER])).result
    assert asked.finish_reason == "function_calls"
    called = [(call.name, json.loads(call.arguments)["city"]) for call in asked.content]
    assert called == [("get_weather", "Paris"), ("get_weather", "Lyon")]
    results = [
        FunctionExecutionResult(
            content=get_weather(city), name=name, call_id=call.id, is_error=False
        )
        for call, (name, city) in zip(asked.content, called, strict=True)
    ]
    turns += [AssistantMessage(content=asked.content, source="a"), Results(content=results)]
    answer = await ask(client, turns, tools=[WEATHER])
    assert "18 degrees in Paris" in answer.result.content
    assert "18 degrees in Lyon" in answer.result.content


async def test_structured_output(start, ask):
    answer = await ask(start("structured"), on.NAMED, json_output=City)
    assert City.model_validate_json(answer.result.content) == City(name="Nantes")


@pytest.mark.filterwarnings("ignore::llmaas.warnings.ModelLifecycleWarning")
async def test_unknown_model(start, ask):
    with pytest.raises(llmaas.ModelNotFoundError) as caught:
        await ask(start("unknown-model", on.UNKNOWN), on.SAY)
    assert (caught.value.status_code, caught.value.code) == (404, "model_not_found")
    assert caught.value.hint


async def test_wrong_key(start, ask):
    with pytest.raises(llmaas.AuthenticationError) as caught:
        await ask(start("wrong-key", api_key=on.WRONG_KEY), on.SAY)
    assert caught.value.status_code == 401
    assert on.WRONG_KEY not in f"{caught.value} {caught.value!r}"


async def test_limit_reached(start, ask):
    with pytest.raises(llmaas.RateLimitError) as caught:
        await ask(start("limit-reached", faults=on.LIMIT), on.SAY)
    assert (caught.value.status_code, caught.value.retry_after) == (429, 7)


async def test_agent_with_tools(play):
    """AgentChat calls both, and asks for the answer: two exchanges."""
    play("agent")
    client = LLMaaSChatCompletionClient(on.TALKER, max_retries=0, rate_limit_timeout=0)
    agent = AssistantAgent("guide", client, tools=[get_weather], reflect_on_tool_use=True)
    last = (await agent.run(task=on.TWO_CITIES)).messages[-1]
    assert "18 degrees in Paris" in last.content
    assert "18 degrees in Lyon" in last.content
    assert last.models_usage.prompt_tokens > 0


async def test_memory_finds_the_passage(play):
    play("memory")
    memory = LLMaaSMemory(EMBEDDER, k=1)
    for text in on.PASSAGES[:2]:
        await memory.add(MemoryContent(content=text, mime_type=MemoryMimeType.TEXT))
    [found] = (await memory.query(on.PRICE)).results
    assert found.content == on.PASSAGES[1]
    assert memory.embeddings.tokens > 0


async def test_embeddings(play):
    play("embeddings")
    embeddings = LLMaaSEmbeddings(EMBEDDER)
    [vector] = await embeddings.embed([on.PRICE])
    assert len(vector) == 768
    assert embeddings.tokens > 0


def test_embeddings_without_an_event_loop(play):
    play("embeddings")
    [vector] = LLMaaSEmbeddings(EMBEDDER)([on.PRICE])
    assert len(vector) == 768
