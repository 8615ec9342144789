"""Row 35 of what other packages get wrong, and the rest of the reranker."""

import asyncio

import pytest
from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_llmaas import LLMaaSEmbeddings, LLMaaSRerank, get_cost_callback

TEXTS = ["Bananas are yellow.", "The sea is salty.", "Paris is the capital of France."]


def sync(made, method, *args, **options):
    return getattr(made, method)(*args, **options)


def native(made, method, *args, **options):
    return asyncio.run(getattr(made, f"a{method}")(*args, **options))


@pytest.fixture(params=[sync, native], ids=["sync", "async"])
def do(request):
    return request.param


@pytest.fixture
def made(sandbox):
    def make(**options):
        return LLMaaSRerank(**{"model": "qwen3-reranker:4b", "max_retries": 0, **options})

    return make


def test_rerank_sends_nothing_when_empty(made, do, sandbox):
    assert do(made(), "rerank", [], "?") == []
    assert do(made(), "compress_documents", [], "?") == []
    assert not sandbox.requests


def test_single_string_is_refused_where_documents_are_due(made, do, sandbox):
    with pytest.raises(TypeError, match="documents must be a list"):
        do(made(), "rerank", "hello", "?")
    assert not sandbox.requests


def test_rerank_copies_documents_and_keeps_ids(made, do):
    documents = [
        Document(page_content=text, id=str(number), metadata={"deep": {"number": number}})
        for number, text in enumerate(TEXTS)
    ]
    best, *_ = do(made(), "compress_documents", documents, "What is the capital of France?")
    assert best.id == "2"
    assert best.page_content == TEXTS[2]
    assert isinstance(best.metadata["relevance_score"], float)
    assert best.metadata["deep"] == {"number": 2}
    best.metadata["deep"]["number"] = 99
    assert documents[2].metadata == {"deep": {"number": 2}}


def test_rerank_sorts_by_relevance(made, do):
    entries = do(made(top_n=2), "rerank", TEXTS, "What is the capital of France?")
    assert entries[0]["index"] == 2
    assert len(entries) == 2
    assert entries[0]["relevance_score"] > entries[1]["relevance_score"]
    assert 0 <= entries[0]["normalized_score"] <= 1


def test_rerank_call_overrides_fields(made, do, sandbox):
    told = {"model": "bge-reranker-v2-m3:567m", "top_n": None, "rank_fields": ["a"]}
    sandbox.script([{"json": {"results": [{"index": 0, "relevance_score": 1.0}], "model": "m"}}])
    do(made(), "rerank", [{"a": "x", "b": "y"}], "?", **told)
    sent = sandbox.requests[-1].json
    assert sent["model"] == "bge-reranker-v2-m3:567m"
    assert sent["documents"] == ["a: x"]
    assert "top_n" not in sent


def test_rerank_drops_documents_below_min_score(made, do):
    assert do(made(min_score=1.0), "rerank", TEXTS, "What is the capital of France?") == []


def test_every_submitted_document_is_billed(made, do):
    with get_cost_callback() as cost:
        do(made(top_n=1), "rerank", TEXTS, "?")
    assert cost.cost_micro_eur == 12


def test_in_a_contextual_compression_retriever(made):
    from langchain_classic.retrievers import ContextualCompressionRetriever

    store = InMemoryVectorStore.from_texts(TEXTS, LLMaaSEmbeddings(model="bge-m3:567m"))
    retriever = ContextualCompressionRetriever(
        base_compressor=made(top_n=1), base_retriever=store.as_retriever()
    )
    found = retriever.invoke("What is the capital of France?")
    assert [document.page_content for document in found] == TEXTS[2:]


def test_model_kwargs_reach_the_request(sandbox):
    LLMaaSRerank(model="qwen3-reranker:4b", model_kwargs={"truncate_prompt_tokens": 512}).rerank(
        ["a"], "q"
    )
    assert sandbox.requests[-1].json["truncate_prompt_tokens"] == 512


def test_rerank_uses_version_1_when_the_engine_has_no_version_2(made, do, sandbox):
    sandbox.script([{"status": 404, "json": {"detail": "Not Found"}, "path": "/v2/rerank"}])
    ranked = do(made(), "rerank", TEXTS, "capital")
    assert len(ranked) == 3
    assert [request.path for request in sandbox.requests] == ["/v2/rerank", "/v1/rerank"]
