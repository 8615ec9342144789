"""Profiles are the catalog's; embeddings are the core's."""

import pytest
from pydantic_ai import Embedder, exceptions

import llmaas
from llmaas import catalog
from pydantic_ai_llmaas import (
    LLMaaSEmbeddingModel,
    LLMaaSModel,
    LLMaaSProvider,
    all_profiles,
    model_profile,
)


def test_profiles_are_those_of_the_catalog():
    for name, profile in all_profiles().items():
        known = catalog.resolve(name).model
        assert profile["context_window"] == known.context
        assert profile["supports_tools"] is (known.tools is not False)
        assert profile["supports_thinking"] is (known.reasoning is not False)
        assert profile.get("supports_image_input", True) is (known.vision is not False)
        assert profile["supports_json_schema_output"]
    assert "gpt-oss:120b" in all_profiles()
    assert model_profile("bge-m3:567m") is None


def test_a_model_has_its_profile(model, make_model):
    assert model.context_window == catalog.get("gpt-oss:120b").context
    unknown = make_model("of-tomorrow:1b").profile
    assert unknown["supports_json_schema_output"]
    assert unknown.get("context_window") is None


def test_models_are_compared_and_shown_by_what_they_are(make_model):
    assert repr(make_model()).startswith("LLMaaSModel(model_name='gpt-oss:120b'")
    assert make_model() != make_model("mistral-small4:119b")


@pytest.fixture
def embedder(sandbox):
    provider = LLMaaSProvider(max_retries=0)
    return Embedder(LLMaaSEmbeddingModel("bge-m3:567m", provider=provider))


async def test_embeddings_tell_usage_and_cost(embedder):
    result = await embedder.embed_documents(["un", "deux"])
    assert len(result["deux"]) == 1024
    assert result.usage.input_tokens > 0
    assert result.provider_details["cost_eur"] > 0
    assert (result.provider_name, result.model_name) == ("llmaas", "bge-m3:567m")


async def test_embedding_options_are_sent(embedder, sandbox):
    await embedder.embed_query("un", settings={"truncate": True, "extra_body": {"a": 1}})
    body = list(sandbox.requests)[-1].json
    assert (body["truncate_prompt_tokens"], body["a"]) == (-1, 1)


async def test_embedding_errors_belong_to_both_hierarchies(embedder, sandbox):
    sandbox.script([{"status": 500, "json": {}}])
    with pytest.raises(exceptions.ModelServerError) as caught:
        await embedder.embed_query("un")
    assert isinstance(caught.value, llmaas.InternalServerError)


async def test_embedding_limits_need_no_download(embedder):
    assert await embedder.max_input_tokens() == catalog.get("bge-m3:567m").context
    assert await embedder.count_tokens("a" * 40) == 10


def test_the_provider_is_the_environments(sandbox):
    model = LLMaaSModel("gpt-oss:120b")
    assert model.base_url == LLMaaSEmbeddingModel("bge-m3:567m").base_url
    assert model.system == "llmaas"
    assert model.provider.name == "llmaas"
