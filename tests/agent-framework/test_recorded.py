"""What is sent and what is read, from recordings: one serves both SDK majors."""

import json

import pytest
from agent_framework import Agent, tool
from pydantic import BaseModel

from agent_framework_llmaas import LLMaaSChatClient, LLMaaSEmbeddingClient, rerank_tool

THINKER = "gpt-oss:120b"
TALKER = "mistral-small4:119b"


class City(BaseModel):
    name: str


@tool
def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"Il pleut à {city}."


@pytest.fixture
def chat(play):
    """Play a scenario and return a client for it."""

    def start(scenario, model=THINKER):
        play(scenario)
        return LLMaaSChatClient(model, max_retries=0)

    return start


async def test_chat(chat, af):
    response = await af.ask(chat("chat"), 'Dis "été".')
    assert response.text == "été"
    assert [kind for kind, _ in af.kinds(response)] == ["text_reasoning", "text"]
    assert response.usage_details["reasoning_output_token_count"] > 0


async def test_stream(chat, af):
    response = await af.ask(chat("stream"), 'Dis "été".', stream=True)
    assert response.text == "été"
    assert response.additional_properties["backend"]["machine_name"]


async def test_agent_with_a_tool(chat):
    agent = Agent(chat("agent", TALKER), instructions="Sois bref.", tools=[get_weather])
    response = await agent.run('What is the weather in "Paris"?')
    assert response.text == "Il pleut à Paris."


async def test_value(chat, af):
    response = await af.ask(chat("value", TALKER), 'Name a city: "Orléans"', response_format=City)
    assert response.value == City(name="Orléans")


async def test_embeddings(play):
    play("embeddings")
    embedder = LLMaaSEmbeddingClient("bge-m3:567m", max_retries=0)
    (one,) = await embedder.get_embeddings(["été"])
    assert one.dimensions == len(one.vector)


async def test_rerank(play):
    play("rerank")
    texts = ["Le prix du café monte.", "Un paquet a une version."]
    (content,) = await rerank_tool(model="qwen3-reranker:4b").invoke(
        arguments={"query": "le prix du café", "documents": texts}
    )
    assert json.loads(content.text)[0]["index"] == 0
