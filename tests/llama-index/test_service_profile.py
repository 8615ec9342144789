"""Facts about models follow the profile of the service."""

from __future__ import annotations

from llama_index.embeddings.llmaas import LLMaaSEmbedding
from llama_index.llms.llmaas import LLMaaS
from llmaas.catalog import ModelProfile, Profile

MEASURED = Profile(
    measured="2026-11-30",  # type: ignore[arg-type]
    address="127.0.0.1",
    models={
        "gpt-oss:120b": ModelProfile(context_window=4096, max_output_tokens=96, tools=False),
        "bge-m3:567m": ModelProfile(embedding_dimensions=8, context_window=64),
    },
)


def test_metadata_of_a_model_has_what_was_measured() -> None:
    metadata = LLMaaS(model="gpt-oss:120b", api_key="k", profile=MEASURED).metadata
    assert (metadata.context_window, metadata.num_output) == (4096, 96)
    assert metadata.is_function_calling_model is False


def test_embeddings_have_the_measured_sizes() -> None:
    embedding = LLMaaSEmbedding(model="bge-m3:567m", api_key="k", profile=MEASURED)
    assert (embedding.vector_size, embedding.context) == (8, 64)
