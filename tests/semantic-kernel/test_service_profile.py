"""Facts about models follow the profile of the service."""

from __future__ import annotations

from llmaas.catalog import ModelProfile, Profile
from semantic_kernel_llmaas import LLMaaSTextEmbedding

MEASURED = Profile(
    measured="2026-11-30",  # type: ignore[arg-type]
    address="127.0.0.1",
    models={"bge-m3:567m": ModelProfile(embedding_dimensions=8, context_window=64)},
)


def test_embeddings_have_the_measured_sizes() -> None:
    service = LLMaaSTextEmbedding("bge-m3:567m", api_key="k", profile=MEASURED)
    assert (service.vector_size, service.context) == (8, 64)
