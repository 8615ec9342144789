"""Embeddings, rerank and their costs at the wire."""

import asyncio

import pytest
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.callbacks import CallbackManager
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.event_handlers import BaseEventHandler

import llmaas
from llama_index.embeddings.llmaas import LLMaaSEmbedding
from llama_index.llms.llmaas import CostEvent, LLMaaS
from llama_index.postprocessor.llmaas import LLMaaSRerank

EVENTS = []


class Recorder(BaseEventHandler):
    def handle(self, event, **kwargs):
        EVENTS.append(event)


@pytest.fixture
def costs():
    """Cost events of a test."""
    EVENTS.clear()
    recorder, dispatcher = Recorder(), get_dispatcher()
    dispatcher.add_event_handler(recorder)
    yield lambda: [event for event in EVENTS if isinstance(event, CostEvent)]
    dispatcher.event_handlers.remove(recorder)


@pytest.fixture
def embedding(sandbox):
    return LLMaaSEmbedding(model_name="bge-m3:567m", max_retries=0, request_size=2)


@pytest.fixture
def rerank(sandbox):
    return LLMaaSRerank(model="qwen3-reranker:4b", max_retries=0, normalize=True)


def nodes(*texts):
    return [NodeWithScore(node=TextNode(text=text)) for text in texts]


def test_texts_are_sent_in_requests_of_their_size(sandbox, embedding, either, costs):
    texts = ["un", "deux", "trois", "deux", "quatre"]
    batch = embedding.get_text_embedding_batch, embedding.aget_text_embedding_batch
    vectors = either(*batch, texts)
    assert len(vectors) == 5
    assert vectors[1] == vectors[3]
    assert sorted(len(request.json["input"]) for request in sandbox.requests) == [2, 2]
    (cost,) = costs()
    assert (cost.operation, cost.cost_micro_eur > 0) == ("embeddings", True)
    assert cost.prompt_tokens > 0


def test_sizes_and_limits_are_known_without_a_request(sandbox, embedding):
    assert (embedding.vector_size, embedding.context) == (1024, 8192)
    assert embedding.get_num_tokens("a" * 40) == 10
    assert LLMaaSEmbedding(model="bge-m3:567m", dimensions=256).vector_size == 256
    assert not sandbox.requests


def test_refused_text_raises_and_keeps_what_came(sandbox, either, costs):
    model = LLMaaSEmbedding(model="bge-m3:567m", max_retries=0, request_size=1, concurrency=1)
    sandbox.script([{}, {"status": 422, "json": {"error": {"message": "no"}}}])
    batch = model.get_text_embedding_batch, model.aget_text_embedding_batch
    with pytest.raises(llmaas.APIStatusError) as caught:
        either(*batch, ["un", "deux"])
    assert caught.value.status_code == 422
    assert [vector is None for vector in caught.value.partial.vectors] == [False, True]
    assert [cost.cost_micro_eur for cost in costs()] == [caught.value.partial.cost_micro_eur]


def test_interrupted_stream_emits_its_reported_cost(sandbox, make_llm, either, costs):
    usage = {"prompt_tokens": 1_000, "completion_tokens": 1, "total_tokens": 1_001}
    chunk = {"choices": [{"index": 0, "delta": {"content": "Ou"}}], "usage": usage}
    sandbox.script([{"sse": [chunk], "end": "rst"}])

    async def read():
        stream = await make_llm().astream_chat([ChatMessage("?")])
        return [response async for response in stream]

    with pytest.raises(llmaas.StreamInterrupted):
        either(lambda: [*make_llm().stream_chat([ChatMessage("?")])], read)
    (cost,) = costs()
    assert (cost.operation, cost.prompt_tokens) == ("chat", 1_000)
    assert cost.cost_micro_eur > 0


def test_wrong_key_is_an_error_of_the_core(sandbox, either):
    model = LLMaaSEmbedding(model_name="bge-m3:567m", api_key="sk-wrong", max_retries=0)
    with pytest.raises(llmaas.AuthenticationError):
        either(model.get_query_embedding, model.aget_query_embedding, "un")


def test_rerank_keeps_the_best_with_scores(sandbox, rerank, either, costs):
    rerank.top_n = 1
    given = nodes("Le chat dort.", "Le prix du café monte.")
    process = rerank.postprocess_nodes, rerank.apostprocess_nodes
    (best,) = either(*process, given, query_str="le prix du café")
    assert best.node.text == "Le prix du café monte."
    assert 0 < best.score <= 1
    assert [cost.operation for cost in costs()] == ["rerank"]
    assert sandbox.requests[-1].json["top_n"] == 1


def test_rerank_drops_nodes_below_the_minimum(rerank, either):
    rerank.min_score = 1.0
    process = rerank.postprocess_nodes, rerank.apostprocess_nodes
    assert either(*process, nodes("un", "deux"), query_str="chien") == []


def test_rerank_of_nothing_sends_nothing(sandbox, rerank, either):
    assert either(rerank.postprocess_nodes, rerank.apostprocess_nodes, [], query_str="?") == []
    assert not sandbox.requests


def test_rerank_needs_a_query(rerank):
    with pytest.raises(llmaas.InvalidInputError, match="query_bundle"):
        rerank.postprocess_nodes(nodes("un"))


def test_index_answers_a_question(embedding, rerank, make_llm):
    documents = [Document(text="The ranking costs 4 EUR."), Document(text="The cat sleeps.")]
    index = VectorStoreIndex.from_documents(documents, embed_model=embedding)
    engine = index.as_query_engine(llm=make_llm(), node_postprocessors=[rerank])
    answer = asyncio.run(engine.aquery("What does the ranking cost?"))
    assert len(answer.source_nodes) == 2
    assert str(answer)


@pytest.mark.parametrize("made", [LLMaaS, LLMaaSEmbedding, LLMaaSRerank])
def test_misspelt_argument_is_refused_by_the_name_of_the_class(made):
    expected = rf"{made.__name__}\(\) got an unexpected keyword argument 'apikey'"
    with pytest.raises(TypeError, match=expected):
        made(model="bge-m3:567m", apikey="sk-x")


@pytest.mark.parametrize("made", [LLMaaS, LLMaaSEmbedding, LLMaaSRerank])
def test_object_is_restored_from_its_dump(made):
    dumped = made(model="bge-m3:567m", callback_manager=CallbackManager()).to_dict()
    assert made.from_dict(dumped).to_dict() == made(**dumped).to_dict() == dumped
