"""What is sent and what is read, from recordings: one serves both worlds and both SDK majors."""

import asyncio

import pytest
from langchain_core import exceptions as lc
from langchain_core.documents import Document
from langchain_core.documents.base import Blob
from langchain_core.messages import HumanMessage, ToolMessage
from pydantic import BaseModel

import llmaas
from langchain_llmaas import (
    ChatLLMaaS,
    LLMaaSAudioParser,
    LLMaaSEmbeddings,
    LLMaaSRerank,
    get_cost_callback,
)
from tests.helpers.cassettes import scenarios as on


class City(BaseModel):
    name: str


def get_weather(city: str) -> str:
    """Weather in a city."""
    return f"18 degrees in {city}"


@pytest.fixture
def streams(ask):
    return "stream" in ask.__name__


@pytest.fixture
def start(play, streams):
    """Play a scenario's cassette, the streamed one if the test streams; return a model."""

    def start(scenario, model=on.TALKER, faults="", **options):
        play(f"{scenario}-stream" if streams else scenario, faults=faults)
        return ChatLLMaaS(model=model, max_retries=0, **options)

    return start


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def either(request):
    """Call one of two: ``either(sync, coroutine_function, *arguments)``."""

    def either(sync, other, *arguments):
        return asyncio.run(other(*arguments)) if request.param else sync(*arguments)

    return either


def test_chat(start, ask):
    model = start("chat")
    with get_cost_callback() as spent:
        answer = ask(model, on.SAY)
    usage = answer.usage_metadata
    assert answer.text == "été"
    assert answer.response_metadata["finish_reason"] == "stop"
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0
    assert spent.cost_micro_eur == on.micro_eur(usage["input_tokens"], usage["output_tokens"])
    assert answer.response_metadata["cost_micro_eur"] == spent.cost_micro_eur
    assert answer.response_metadata["backend"]["machine_name"]


def test_reasoning(start, ask):
    answer = ask(start("reasoning", on.THINKER), on.SKY)
    thoughts = [part["reasoning"] for part in answer.content_blocks if part["type"] == "reasoning"]
    thought = "".join(thoughts)
    assert "ciel" in thought
    assert thought not in answer.text
    assert answer.usage_metadata["output_token_details"]["reasoning"] > 0


def test_several_tools_at_once(start, ask):
    """Two calls, their results, the answer: two exchanges."""
    model = start("tools").bind_tools([get_weather])
    question = HumanMessage(on.TWO_CITIES)
    asked = ask(model, [question])
    assert [(call["name"], call["args"]) for call in asked.tool_calls] == [
        ("get_weather", {"city": "Paris"}),
        ("get_weather", {"city": "Lyon"}),
    ]
    told = [
        ToolMessage(get_weather(**call["args"]), tool_call_id=call["id"])
        for call in asked.tool_calls
    ]
    answer = ask(model, [question, asked, *told])
    assert not answer.tool_calls
    assert "18 degrees in Paris" in answer.text
    assert "18 degrees in Lyon" in answer.text


def test_structured_output(start, streams, either):
    chain = start("structured").with_structured_output(City, method="json_schema")

    async def last():
        return [value async for value in chain.astream(on.NAMED)][-1]

    if streams:
        assert either(lambda: [*chain.stream(on.NAMED)][-1], last) == City(name="Nantes")
    else:
        assert either(chain.invoke, chain.ainvoke, on.NAMED) == City(name="Nantes")


@pytest.mark.filterwarnings("ignore::llmaas.warnings.ModelLifecycleWarning")
def test_unknown_model(start, ask):
    with pytest.raises(lc.ModelNotFoundError) as caught:
        ask(start("unknown-model", on.UNKNOWN), on.SAY)
    assert isinstance(caught.value, llmaas.ModelNotFoundError)
    assert (caught.value.status_code, caught.value.code) == (404, "model_not_found")
    assert caught.value.hint


def test_wrong_key(start, ask):
    with pytest.raises(lc.ModelAuthenticationError) as caught:
        ask(start("wrong-key", api_key=on.WRONG_KEY), on.SAY)
    assert caught.value.status_code == 401
    assert on.WRONG_KEY not in f"{caught.value} {caught.value!r}"


def test_a_limit_reached(start, ask):
    with pytest.raises(lc.ModelRateLimitError) as caught:
        ask(start("limit-reached", faults=on.LIMIT), on.SAY)
    assert (caught.value.status_code, caught.value.retry_after) == (429, 7)


def test_embeddings(play, either):
    """Passages, then a question about one of them, which is the nearest."""
    play("embeddings")
    embeddings = LLMaaSEmbeddings(model=on.EMBEDDER, dimensions=16, max_retries=0)
    texts = list(on.PASSAGES)
    vectors = either(embeddings.embed_documents, embeddings.aembed_documents, texts)
    question = either(embeddings.embed_query, embeddings.aembed_query, on.PRICE)
    assert [len(vector) for vector in (*vectors, question)] == [16] * 4
    products = [sum(a * b for a, b in zip(v, question, strict=True)) for v in vectors]
    assert products.index(max(products)) == 1


def test_rerank(play, either):
    play("rerank")
    ranker = LLMaaSRerank(model=on.RERANKER, top_n=2, max_retries=0)
    documents = [Document(text) for text in on.PASSAGES]
    best, second = either(
        ranker.compress_documents, ranker.acompress_documents, documents, on.PRICE
    )
    assert best.page_content == on.PASSAGES[1]
    assert best.metadata["relevance_score"] > second.metadata["relevance_score"]


def test_transcription(play, either):
    play("transcription")
    name, data = on.SPOKEN
    parser = LLMaaSAudioParser(model="voxtral", language="fr", max_retries=0)
    blob = Blob.from_data(data, path=name)

    async def read(blob):
        return [document async for document in parser.alazy_parse(blob)]

    [document] = either(parser.parse, read, blob)
    assert document.page_content.endswith(".")
    assert document.metadata["language"] == "fr"
