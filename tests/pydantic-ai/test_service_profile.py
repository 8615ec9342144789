"""Facts about models follow the profile of the service."""

from __future__ import annotations

import asyncio

from pydantic_ai_llmaas import LLMaaSEmbeddingModel, LLMaaSModel, LLMaaSProvider
from tests.helpers.service_profile import MEASURED

PROVIDER = LLMaaSProvider(api_key="k", profile=MEASURED)


def test_profile_of_a_model_has_what_was_measured() -> None:
    profile = LLMaaSModel("gpt-oss:120b", provider=PROVIDER).profile
    assert profile["context_window"] == 4096
    assert profile["supports_tools"] is False
    assert profile["supports_image_input"] is True


def test_profile_of_the_caller_wins_over_what_was_measured() -> None:
    model = LLMaaSModel("gpt-oss:120b", provider=PROVIDER, profile={"supports_tools": True})
    assert model.profile["supports_tools"] is True


def test_embeddings_have_the_measured_window() -> None:
    model = LLMaaSEmbeddingModel("bge-m3:567m", provider=PROVIDER)
    assert asyncio.run(model.max_input_tokens()) == 64
