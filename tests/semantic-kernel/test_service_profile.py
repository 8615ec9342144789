"""Facts about models follow the profile of the service."""

from __future__ import annotations

from semantic_kernel_llmaas import LLMaaSTextEmbedding
from tests.helpers.service_profile import MEASURED


def test_embeddings_have_the_measured_sizes() -> None:
    service = LLMaaSTextEmbedding("bge-m3:567m", api_key="k", profile=MEASURED)
    assert (service.vector_size, service.context) == (8, 64)
