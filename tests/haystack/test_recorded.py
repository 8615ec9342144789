"""What is sent and what is read, from recordings: one serves both worlds and both SDK majors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from haystack import Document
from haystack.dataclasses import ByteStream, ChatMessage
from haystack.tools import Tool
from haystack.utils import Secret
from pydantic import BaseModel

import llmaas
from haystack_integrations.components.audio.llmaas import LLMaaSTranscriber
from haystack_integrations.components.embedders.llmaas import (
    LLMaaSDocumentEmbedder,
    LLMaaSTextEmbedder,
)
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from haystack_integrations.components.rankers.llmaas import LLMaaSRanker
from tests.helpers.cassettes import scenarios as on

WEATHER = Tool(
    name="get_weather",
    description="Weather in a city",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
    function=str,
)


class City(BaseModel):
    name: str


def generator(model: str = on.TALKER, **options: Any) -> LLMaaSChatGenerator:
    return LLMaaSChatGenerator(model=model, max_retries=0, **options)


@pytest.fixture
def start(play: Any, ask: Any) -> Callable[..., Any]:
    """Play a scenario's cassette, the streamed one if ``ask`` streams."""

    def start(scenario: str, **how: Any) -> None:
        play(f"{scenario}-stream" if ask.streaming else scenario, **how)

    return start


def test_chat(start: Any, ask: Any) -> None:
    start("chat")
    [reply] = ask(on.SAY, of=generator())
    usage = reply.meta["usage"]
    assert (reply.text, reply.meta["finish_reason"]) == ("été", "stop")
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0
    cost = on.micro_eur(usage["prompt_tokens"], usage["completion_tokens"])
    assert reply.meta["cost_eur"] == pytest.approx(cost / 1e6)
    assert reply.meta["backend"]["machine_name"]
    if ask.streaming:
        assert "".join(chunk.content for chunk in ask.chunks) == "été"


def test_reasoning(start: Any, ask: Any) -> None:
    start("reasoning")
    [reply] = ask(on.SKY, of=generator(on.THINKER))
    assert "ciel" in reply.reasoning.reasoning_text
    assert reply.reasoning.reasoning_text not in reply.text
    assert reply.meta["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0


def test_several_tools_at_once(start: Any, ask: Any) -> None:
    """Two calls, their results, the answer: two exchanges."""
    start("tools")
    llm = generator(tools=[WEATHER])
    question = ChatMessage.from_user(on.TWO_CITIES)
    [asked] = ask([question], of=llm)
    assert [(call.tool_name, call.arguments) for call in asked.tool_calls] == [
        ("get_weather", {"city": "Paris"}),
        ("get_weather", {"city": "Lyon"}),
    ]
    assert asked.meta["finish_reason"] == "tool_calls"
    told = [
        ChatMessage.from_tool(f"18 degrees in {call.arguments['city']}", origin=call)
        for call in asked.tool_calls
    ]
    [answer] = ask([question, asked, *told], of=llm)
    assert not answer.tool_calls
    assert "18 degrees in Paris" in answer.text
    assert "18 degrees in Lyon" in answer.text


def test_structured_output(start: Any, ask: Any) -> None:
    start("structured")
    [reply] = ask(on.NAMED, of=generator(), generation_kwargs={"response_format": City})
    assert City(**json.loads(reply.text)) == City(name="Nantes")


@pytest.mark.filterwarnings("ignore::llmaas.warnings.ModelLifecycleWarning")
def test_unknown_model(start: Any, ask: Any) -> None:
    start("unknown-model")
    with pytest.raises(llmaas.ModelNotFoundError) as caught:
        ask(on.SAY, of=generator(on.UNKNOWN))
    assert (caught.value.status_code, caught.value.code) == (404, "model_not_found")
    assert caught.value.hint


def test_wrong_key(start: Any, ask: Any) -> None:
    start("wrong-key")
    with pytest.raises(llmaas.AuthenticationError) as caught:
        ask(on.SAY, of=generator(api_key=Secret.from_token(on.WRONG_KEY)))
    assert caught.value.status_code == 401
    assert on.WRONG_KEY not in f"{caught.value} {caught.value!r}"


def test_a_limit_reached(start: Any, ask: Any) -> None:
    start("limit-reached", faults=on.LIMIT)
    with pytest.raises(llmaas.RateLimitError) as caught:
        ask(on.SAY, of=generator())
    assert (caught.value.status_code, caught.value.retry_after) == (429, 7)


def test_embeddings(play: Any, run: Any) -> None:
    """Documents, then a question about one of them, which is the nearest."""
    play("embeddings")
    options: dict[str, Any] = {"model": on.EMBEDDER, "dimensions": 16, "max_retries": 0}
    embedder = LLMaaSDocumentEmbedder(**options, progress_bar=False)
    told = run(embedder, documents=[Document(content=text) for text in on.PASSAGES])
    query = run(LLMaaSTextEmbedder(**options), text=on.PRICE)
    vectors = [document.embedding for document in told["documents"]]
    assert [len(vector) for vector in (*vectors, query["embedding"])] == [16] * 4
    products = [
        sum(a * b for a, b in zip(vector, query["embedding"], strict=True)) for vector in vectors
    ]
    assert products.index(max(products)) == 1
    assert told["meta"]["usage"]["prompt_tokens"] > query["meta"]["usage"]["prompt_tokens"] > 0


def test_rerank(play: Any, run: Any) -> None:
    play("rerank")
    ranker = LLMaaSRanker(model=on.RERANKER, top_k=2, max_retries=0)
    documents = [Document(content=text) for text in on.PASSAGES]
    best, second = run(ranker, query=on.PRICE, documents=documents)["documents"]
    assert best.content == on.PASSAGES[1]
    assert best.score > second.score


def test_transcription(play: Any, run: Any) -> None:
    play("transcription")
    name, data = on.SPOKEN
    transcriber = LLMaaSTranscriber(model="voxtral", language="fr", max_retries=0)
    [document] = run(transcriber, sources=[ByteStream(data, meta={"file_name": name})])["documents"]
    assert document.content.endswith(".")
    assert document.meta["language"] == "fr"
