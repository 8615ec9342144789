"""Facts about models follow the profile of the service."""

from __future__ import annotations

import asyncio

from llmaas.catalog import ModelProfile, Profile
from pydantic_ai_llmaas import LLMaaSEmbeddingModel, LLMaaSModel, LLMaaSProvider

MEASURED = Profile(
    measured="2026-11-30",  # type: ignore[arg-type]
    address="127.0.0.1",
    models={
        "gpt-oss:120b": ModelProfile(context_window=4096, tools=False, vision=False),
        "bge-m3:567m": ModelProfile(context_window=64),
    },
)
PROVIDER = LLMaaSProvider(api_key="k", profile=MEASURED)


def test_profile_of_a_model_has_what_was_measured() -> None:
    profile = LLMaaSModel("gpt-oss:120b", provider=PROVIDER).profile
    assert profile["context_window"] == 4096
    assert profile["supports_tools"] is False
    assert profile["supports_image_input"] is False


def test_profile_of_the_caller_wins_over_what_was_measured() -> None:
    model = LLMaaSModel("gpt-oss:120b", provider=PROVIDER, profile={"supports_tools": True})
    assert model.profile["supports_tools"] is True


def test_embeddings_have_the_measured_window() -> None:
    model = LLMaaSEmbeddingModel("bge-m3:567m", provider=PROVIDER)
    assert asyncio.run(model.max_input_tokens()) == 64
