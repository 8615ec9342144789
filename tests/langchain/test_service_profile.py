"""Facts about models follow the profile of the service."""

from __future__ import annotations

from langchain_llmaas import ChatLLMaaS, LLMaaSEmbeddings
from tests.helpers.service_profile import MEASURED


def test_profile_of_a_chat_model_has_what_was_measured() -> None:
    profile = ChatLLMaaS(model="gpt-oss:120b", api_key="k", service_profile=MEASURED).profile
    assert profile is not None
    assert profile["max_input_tokens"] == 4000
    assert profile["max_output_tokens"] == 96
    assert profile["tool_calling"] is False


def test_embeddings_have_the_measured_sizes() -> None:
    embeddings = LLMaaSEmbeddings(model="bge-m3:567m", api_key="k", service_profile=MEASURED)
    assert (embeddings.vector_size, embeddings.context) == (8, 64)
