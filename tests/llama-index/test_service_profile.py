"""Facts about models follow the profile of the service."""

from __future__ import annotations

from llama_index.embeddings.llmaas import LLMaaSEmbedding
from llama_index.llms.llmaas import LLMaaS
from tests.helpers.service_profile import MEASURED


def test_metadata_of_a_model_has_what_was_measured() -> None:
    metadata = LLMaaS(model="gpt-oss:120b", api_key="k", profile=MEASURED).metadata
    assert (metadata.context_window, metadata.num_output) == (4096, 96)
    assert metadata.is_function_calling_model is False


def test_embeddings_have_the_measured_sizes() -> None:
    embedding = LLMaaSEmbedding(model="bge-m3:567m", api_key="k", profile=MEASURED)
    assert (embedding.vector_size, embedding.context) == (8, 64)
