"""Requests and responses of recorded cassettes, with both SDK major versions."""

import json

import pytest
from agent_framework import Agent, exceptions, tool
from pydantic import BaseModel

import llmaas
from agent_framework_llmaas import (
    LLMaaSChatClient,
    LLMaaSEmbeddingClient,
    rerank_tool,
    speech_tool,
    transcription_tool,
)
from tests.helpers.cassettes import scenarios as on


class City(BaseModel):
    name: str


@tool
def get_weather(city: str) -> str:
    """Weather in a city."""
    return f"18 degrees in {city}"


@pytest.fixture
def start(play, stream):
    """Play a scenario's cassette, the streamed one if the test streams; return a client."""

    def start(scenario, model=on.TALKER, faults="", **options):
        play(f"{scenario}-stream" if stream else scenario, faults=faults)
        return LLMaaSChatClient(model, max_retries=0, **options)

    return start


async def test_chat(start, af, stream):
    response = await af.ask(start("chat"), on.SAY, stream=stream)
    usage = response.usage_details
    told = (usage["input_token_count"], usage["output_token_count"])
    assert (response.text, response.finish_reason) == ("été", "stop")
    assert usage["total_token_count"] == sum(told) > 0
    properties = response.additional_properties
    assert properties["cost_eur"] == pytest.approx(on.micro_eur(*told) / 1e6)
    assert properties["backend"]["machine_name"]


async def test_reasoning(start, af, stream):
    response = await af.ask(start("reasoning", on.THINKER), on.SKY, stream=stream)
    (first, thought), (second, text) = af.kinds(response)
    assert (first, second) == ("text_reasoning", "text")
    assert "ciel" in thought
    assert thought not in text
    assert response.usage_details["reasoning_output_token_count"] > 0


async def test_several_tools_at_once(start, af, stream):
    """The client calls both, and asks for the answer: two exchanges."""
    client = start("tools")
    response = await af.ask(client, on.TWO_CITIES, stream=stream, tools=[get_weather])
    contents = [content for message in response.messages for content in message.contents]
    called = [c for c in contents if c.type == "function_call"]
    assert [json.loads(c.arguments) for c in called] == [{"city": "Paris"}, {"city": "Lyon"}]
    assert "18 degrees in Paris" in response.text
    assert "18 degrees in Lyon" in response.text


async def test_agent_with_tools(play):
    play("agent")
    agent = Agent(LLMaaSChatClient(on.TALKER, max_retries=0), tools=[get_weather])
    response = await agent.run(on.TWO_CITIES)
    assert "18 degrees in Paris" in response.text


async def test_structured_output(start, af, stream):
    client = start("structured")
    response = await af.ask(client, on.NAMED, stream=stream, response_format=City)
    assert response.value == City(name="Nantes")


@pytest.mark.filterwarnings("ignore::llmaas.warnings.ModelLifecycleWarning")
async def test_unknown_model(start, af, stream):
    with pytest.raises(exceptions.ChatClientInvalidRequestException) as caught:
        await af.ask(start("unknown-model", on.UNKNOWN), on.SAY, stream=stream)
    assert isinstance(caught.value, llmaas.ModelNotFoundError)
    assert (caught.value.status_code, caught.value.code) == (404, "model_not_found")
    assert caught.value.hint


async def test_wrong_key(start, af, stream):
    with pytest.raises(exceptions.ChatClientInvalidAuthException) as caught:
        await af.ask(start("wrong-key", api_key=on.WRONG_KEY), on.SAY, stream=stream)
    assert caught.value.status_code == 401
    assert on.WRONG_KEY not in f"{caught.value} {caught.value!r}"


async def test_limit_reached(start, af, stream):
    with pytest.raises(llmaas.RateLimitError) as caught:
        await af.ask(start("limit-reached", faults=on.LIMIT), on.SAY, stream=stream)
    assert isinstance(caught.value, exceptions.ChatClientException)
    assert (caught.value.status_code, caught.value.retry_after) == (429, 7)


async def test_embeddings(play):
    """Passages, then a question about one of them, which is the nearest."""
    play("embeddings")
    embedder = LLMaaSEmbeddingClient(on.EMBEDDER, max_retries=0)
    options = {"dimensions": 16}
    told = await embedder.get_embeddings(list(on.PASSAGES), options=options)
    (question,) = await embedder.get_embeddings([on.PRICE], options=options)
    assert [e.dimensions for e in (*told, question)] == [16] * 4
    products = [sum(a * b for a, b in zip(e.vector, question.vector, strict=True)) for e in told]
    assert products.index(max(products)) == 1
    assert told.usage["input_token_count"] > 0


async def test_rerank(play):
    play("rerank")
    arguments = {"query": on.PRICE, "documents": list(on.PASSAGES)}
    (content,) = await rerank_tool(model=on.RERANKER).invoke(arguments=arguments)
    best, *others = json.loads(content.text)
    assert (best["index"], best["document"]) == (1, on.PASSAGES[1])
    assert all(best["score"] > other["score"] for other in others)


async def test_transcription(play, tmp_path):
    play("transcription")
    name, data = on.SPOKEN
    (tmp_path / name).write_bytes(data)
    hear = transcription_tool(model="voxtral", folder=tmp_path)
    (content,) = await hear.invoke(arguments={"file": name, "language": "fr"})
    assert content.text.endswith(".")


async def test_speech(play):
    play("speech")
    (content,) = await speech_tool(model="kokoro", response_format="wav").invoke(
        arguments={"text": "Ah"}
    )
    assert content.media_type == "audio/wav"
    assert content.uri.startswith("data:audio/wav;base64,UklGR")
