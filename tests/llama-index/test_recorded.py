"""What is sent and what is read, from recordings: sync and async, with both SDK majors."""

import pytest
from llama_index.core.base.llms.types import ChatMessage, ThinkingBlock
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

import llmaas
from llama_index.embeddings.llmaas import LLMaaSEmbedding
from llama_index.llms.llmaas import LLMaaS
from llama_index.postprocessor.llmaas import LLMaaSRerank
from tests.helpers.cassettes import scenarios as on


class City(BaseModel):
    name: str


def get_weather(city: str) -> str:
    """Weather in a city."""
    return f"18 degrees in {city}"


@pytest.fixture
def start(play, ask):
    """Play a scenario's cassette, the streamed one if the test streams; return a model."""

    def start(scenario, model=on.TALKER, faults="", **options):
        play(f"{scenario}-stream" if "stream" in ask.__name__ else scenario, faults=faults)
        return LLMaaS(model=model, max_retries=0, **options)

    return start


def test_chat(start, ask):
    response = ask(start("chat"), on.SAY)
    facts = response.additional_kwargs
    counts = facts["prompt_tokens"], facts["completion_tokens"]
    assert response.message.content == "été"
    assert facts["finish_reason"] == "stop"
    assert facts["total_tokens"] == sum(counts) > 0
    assert facts["cost_micro_eur"] == on.micro_eur(*counts)
    assert facts["backend"]["machine_name"]


def test_reasoning(start, ask):
    response = ask(start("reasoning", on.THINKER), on.SKY)
    thought, text = response.message.blocks
    assert isinstance(thought, ThinkingBlock)
    assert "ciel" in thought.content
    assert thought.content not in text.text
    assert thought.num_tokens == response.additional_kwargs["reasoning_tokens"] > 0


def test_several_tools_at_once(start, ask):
    """Two calls, their results, the answer: two exchanges."""
    model, question = start("tools"), ChatMessage(on.TWO_CITIES)
    tools = [FunctionTool.from_defaults(get_weather, description="Weather in a city.")]
    options = model._prepare_chat_with_tools(tools, allow_parallel_tool_calls=True)
    options.pop("messages")
    asked = ask(model, [question], **options)
    calls = model.get_tool_calls_from_response(asked)
    assert [(call.tool_name, call.tool_kwargs) for call in calls] == [
        ("get_weather", {"city": "Paris"}),
        ("get_weather", {"city": "Lyon"}),
    ]
    results = [
        ChatMessage(
            get_weather(**call.tool_kwargs),
            role="tool",
            additional_kwargs={"tool_call_id": call.tool_id},
        )
        for call in calls
    ]
    answer = ask(model, [question, asked.message, *results], **options)
    assert not model.get_tool_calls_from_response(answer, error_on_no_tool_call=False)
    assert "18 degrees in Paris" in answer.message.content
    assert "18 degrees in Lyon" in answer.message.content


@pytest.mark.filterwarnings("ignore:The `json` method")  # LlamaIndex calls it
def test_structured_output(start, ask):
    response = ask(start("structured").as_structured_llm(City), on.NAMED)
    assert response.raw == City(name="Nantes")


@pytest.mark.filterwarnings("ignore::llmaas.warnings.ModelLifecycleWarning")
def test_unknown_model(start, ask):
    with pytest.raises(llmaas.ModelNotFoundError) as caught:
        ask(start("unknown-model", on.UNKNOWN), on.SAY)
    assert (caught.value.status_code, caught.value.code) == (404, "model_not_found")
    assert caught.value.hint


def test_wrong_key(start, ask):
    with pytest.raises(llmaas.AuthenticationError) as caught:
        ask(start("wrong-key", api_key=on.WRONG_KEY), on.SAY)
    assert caught.value.status_code == 401
    assert on.WRONG_KEY not in f"{caught.value} {caught.value!r}"


def test_a_limit_reached(start, ask):
    with pytest.raises(llmaas.RateLimitError) as caught:
        ask(start("limit-reached", faults=on.LIMIT), on.SAY)
    assert (caught.value.status_code, caught.value.retry_after) == (429, 7)


def test_embeddings(play, either):
    """Passages, then a question about one of them, which is the nearest."""
    play("embeddings")
    model = LLMaaSEmbedding(model_name=on.EMBEDDER, dimensions=16, max_retries=0)
    texts = list(on.PASSAGES)
    vectors = either(model.get_text_embedding_batch, model.aget_text_embedding_batch, texts)
    question = either(model.get_query_embedding, model.aget_query_embedding, on.PRICE)
    assert [len(vector) for vector in (*vectors, question)] == [16] * 4
    products = [sum(a * b for a, b in zip(v, question, strict=True)) for v in vectors]
    assert products.index(max(products)) == 1


def test_rerank(play, either):
    play("rerank")
    rerank = LLMaaSRerank(model=on.RERANKER, top_n=2, max_retries=0)
    nodes = [NodeWithScore(node=TextNode(text=text), score=0.5) for text in on.PASSAGES]
    process = rerank.postprocess_nodes, rerank.apostprocess_nodes
    best, second = either(*process, nodes, query_str=on.PRICE)
    assert best.node.text == on.PASSAGES[1]
    assert best.score > second.score
    assert [node.score for node in nodes] == [0.5] * 3
