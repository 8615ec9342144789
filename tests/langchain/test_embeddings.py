"""Rows 33 and 34 of what other packages get wrong, and the rest of embeddings."""

import asyncio
import copy
import pickle
import sys

import pytest
from langchain_core.exceptions import ModelInvalidRequestError

from langchain_llmaas import LLMaaSEmbeddings, get_cost_callback


def embed(made, texts):
    return made.embed_documents(texts)


def aembed(made, texts):
    return asyncio.run(made.aembed_documents(texts))


@pytest.fixture(params=[embed, aembed], ids=["sync", "async"])
def vectors(request):
    return request.param


@pytest.fixture
def made(sandbox):
    def make(**options):
        return LLMaaSEmbeddings(**{"model": "bge-m3:567m", "max_retries": 0, **options})

    return make


def test_embeddings_send_strings_and_floats_only(made, vectors, sandbox):
    assert len(vectors(made(), ["one", "two"])) == 2
    sent = sandbox.requests[-1].json
    assert sent["input"] == ["one", "two"]
    assert sent.get("encoding_format", "float") == "float"


def test_single_string_is_refused_where_a_list_is_due(made, vectors, sandbox):
    with pytest.raises(TypeError, match="embed_query"):
        vectors(made(), "hello")
    assert not sandbox.requests


def test_embeddings_keep_order_of_texts(made, vectors, sandbox):
    data = [{"index": i, "embedding": [float(i)]} for i in (2, 0, 1)]
    sandbox.script([{"json": {"data": data, "model": "m"}}])
    assert vectors(made(), ["a", "b", "c"]) == [[0.0], [1.0], [2.0]]


def test_embeddings_split_large_inputs(made, vectors, sandbox):
    texts = [f"text {number}" for number in range(7)]
    chunked = vectors(made(chunk_size=3), texts)
    assert sorted(len(request.json["input"]) for request in sandbox.requests) == [1, 3, 3]
    assert chunked == vectors(made(), texts)


def test_embeddings_send_nothing_when_empty(made, vectors, sandbox):
    assert vectors(made(), []) == []
    assert not sandbox.requests


def test_embeddings_raise_when_text_is_rejected(made, vectors, sandbox):
    bad = {"status": 400, "json": {"error": {"message": "too long"}}}
    sandbox.script([bad, {"json": {"data": [{"index": 0, "embedding": [1.0]}]}}, bad])
    with pytest.raises(ModelInvalidRequestError, match=r"text 1 of 2.*too long"):
        vectors(made(), ["good", "bad"])


def test_query_is_embedded_like_a_document(made):
    assert made().embed_query("a") == made().embed_documents(["a"])[0]
    assert asyncio.run(made().aembed_query("a")) == made().embed_query("a")


def test_parameters_reach_the_wire(made, sandbox):
    made(model="qwen3-embedding:0.6b", dimensions=256, model_kwargs={"user": "u"}).embed_query("a")
    sent = sandbox.requests[-1].json
    assert (sent["dimensions"], sent["user"]) == (256, "u")


def test_costs_are_counted(made, vectors):
    with get_cost_callback() as cost:
        vectors(made(), ["some text"] * 100)
    assert cost.by_model["bge-m3:567m"].input_tokens > 0
    assert cost.cost_micro_eur > 0


def test_embeddings_copy_and_reject_unknown_fields(made):
    assert pickle.loads(pickle.dumps(made())).embed_query("a")
    assert copy.deepcopy(made()).embed_query("a")
    with pytest.raises(TypeError, match="chunksize"):
        made(chunksize=3)


def test_embeddings_error_keeps_billed_vectors_and_cost(made, vectors, sandbox):
    data = [{"index": i, "embedding": [float(i)]} for i in (0, 1)]
    usage = {"prompt_tokens": 1000, "total_tokens": 1000}
    sandbox.script(
        [{"json": {"data": data, "model": "m", "usage": usage}}, {"status": 503, "json": {}}]
    )
    with get_cost_callback() as cost, pytest.raises(Exception) as caught:  # noqa: PT011
        vectors(made(chunk_size=2, concurrency=1), list("abcd"))
    assert caught.value.partial.vectors == [[0.0], [1.0], None, None]
    assert cost.cost_micro_eur == 1800
    assert cost.by_model["m"].input_tokens == 1000


def test_progress_is_reported(made, vectors, capsys):
    told = []
    vectors(made(chunk_size=2, progress=lambda *at: told.append(at)), list("abc"))
    assert told[-1] == (3, 3)
    vectors(made(show_progress_bar=True), list("abc"))
    assert "3/3" in capsys.readouterr().err


def test_progress_bar_names_the_package_to_install_when_it_is_missing(
    made, vectors, sandbox, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ModuleNotFoundError, match="pip install tqdm"):
        vectors(made(show_progress_bar=True), list("abc"))
    assert not sandbox.requests


def test_sizes_and_limits_are_known_without_a_request(made, sandbox):
    embeddings = made()
    assert (embeddings.vector_size, embeddings.context) == (1024, 8192)
    assert made(dimensions=256).vector_size == 256
    assert made(model="unknown").vector_size is None
    assert embeddings.get_num_tokens("x" * 40) == 10
    assert not sandbox.requests


def test_namespace_fits_a_cache_in_files(made, sandbox, tmp_path):
    classic = pytest.importorskip("langchain_classic.embeddings")
    storage = pytest.importorskip("langchain_classic.storage")
    embeddings = made(model="qwen3-embedding:0.6b", dimensions=256)
    assert embeddings.namespace == "qwen3-embedding-0.6b-256"
    cached = classic.CacheBackedEmbeddings.from_bytes_store(
        embeddings,
        storage.LocalFileStore(tmp_path),
        namespace=embeddings.namespace,
        key_encoder="sha256",
    )
    assert cached.embed_documents(["a"]) == cached.embed_documents(["a"])
    assert len(sandbox.requests) == 1
