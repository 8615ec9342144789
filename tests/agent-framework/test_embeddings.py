"""Embeddings."""

import pytest
from agent_framework import Embedding
from agent_framework.exceptions import ChatClientException, ChatClientInvalidAuthException

import llmaas
from agent_framework_llmaas import LLMaaSEmbeddingClient, RawLLMaaSEmbeddingClient

MODEL = "bge-m3:567m"


@pytest.fixture
def embedder(sandbox):
    return LLMaaSEmbeddingClient(MODEL, max_retries=0)


async def test_floats_and_strings_are_sent(sandbox, embedder):
    found = await embedder.get_embeddings(["un", "deux"])
    assert all(isinstance(one, Embedding) for one in found)
    assert [one.dimensions for one in found] == [1024, 1024]
    assert found[0].model == MODEL
    assert found.usage["input_token_count"] > 0
    body = sandbox.requests[-1].json
    assert body["input"] == ["un", "deux"]
    assert body["encoding_format"] == "float"


async def test_embedding_of_no_texts_sends_no_request(sandbox, embedder):
    found = await embedder.get_embeddings([], options={"dimensions": 3})
    assert (list(found), found.options) == ([], {"dimensions": 3})
    assert not sandbox.requests


async def test_embedding_rejects_values_that_are_not_text(sandbox, embedder):
    with pytest.raises(ChatClientException):
        await embedder.get_embeddings([[1, 2, 3]])
    assert not sandbox.requests


async def test_base64_gives_the_same_vectors(embedder):
    floats = await embedder.get_embeddings(["un"])
    packed = await embedder.get_embeddings(["un"], options={"encoding_format": "base64"})
    assert list(packed[0].vector) == pytest.approx(floats[0].vector, abs=1e-6)


async def test_options_are_sent(sandbox, embedder):
    options = {"model": "granite-embedding:278m", "batch_size": 1, "user": "moi"}
    found = await embedder.get_embeddings(["un", "deux"], options=options)
    assert len(found) == 2
    assert len(sandbox.requests) == 2
    assert sandbox.requests[-1].json["user"] == "moi"
    assert sandbox.requests[-1].json["model"] == options["model"]


async def test_errors_have_both_types(sandbox):
    embedder = LLMaaSEmbeddingClient(MODEL, api_key="sk-wrong", max_retries=0)
    with pytest.raises(ChatClientInvalidAuthException) as caught:
        await embedder.get_embeddings(["un"])
    assert isinstance(caught.value, llmaas.AuthenticationError)


async def test_missing_model_raises_error(sandbox):
    with pytest.raises(ChatClientException, match="model is missing"):
        await RawLLMaaSEmbeddingClient().get_embeddings(["un"])
