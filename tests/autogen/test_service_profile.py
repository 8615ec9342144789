"""Facts about models follow the profile of the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from autogen_llmaas import entry, model_info
from autogen_llmaas.client import LLMaaSChatCompletionClient
from tests.helpers.service_profile import MEASURED


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "profile.json"
    MEASURED.write(path)
    return str(path)


def test_model_info_has_what_was_measured(file: str) -> None:
    info = LLMaaSChatCompletionClient("gpt-oss:120b", api_key="k", profile=file).model_info
    assert (info["vision"], info["function_calling"]) == (True, False)
    assert model_info("gpt-oss:120b")["function_calling"] is True


def test_remaining_tokens_are_those_of_the_measured_window(file: str) -> None:
    client = LLMaaSChatCompletionClient("gpt-oss:120b", api_key="k", profile=file)
    assert client.remaining_tokens([]) == 4096


def test_entry_has_the_limit_of_the_environment_profile(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMAAS_PROFILE", file)
    made = entry("gpt-oss:120b", api_key="k")
    assert made["max_tokens"] == 96
    assert "tools" not in made["tags"]
    assert "vision" in made["tags"]
