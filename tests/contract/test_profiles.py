"""Profiles through every package: each class passes its profile to the core's client."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent_framework_llmaas import LLMaaSChatClient
from autogen_llmaas import LLMaaSChatCompletionClient
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator
from langchain_llmaas import ChatLLMaaS
from llama_index.llms.llmaas import LLMaaS as LlamaIndexLLMaaS
from llmaas.catalog import ModelProfile, Profile
from pydantic_ai_llmaas import LLMaaSProvider
from semantic_kernel_llmaas import LLMaaSChatCompletion

MODEL = "gpt-oss:120b"


def haystack_client(path: str) -> Any:
    generator = LLMaaSChatGenerator(model=MODEL, http_client_kwargs={"profile": path})
    generator.warm_up()
    return generator.client


CLIENTS: dict[str, Callable[[str], Any]] = {
    "agent-framework": lambda path: LLMaaSChatClient(MODEL, profile=path).client,
    "autogen": lambda path: LLMaaSChatCompletionClient(MODEL, profile=path).llmaas,
    "haystack": haystack_client,
    "langchain": lambda path: ChatLLMaaS(model=MODEL, service_profile=path).client,
    "llama-index": lambda path: LlamaIndexLLMaaS(model=MODEL, profile=path).client,
    "pydantic-ai": lambda path: LLMaaSProvider(profile=path).client,
    "semantic-kernel": lambda path: LLMaaSChatCompletion(MODEL, profile=path).client,
}


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-a")
    file = tmp_path / "profile.json"
    measured = {MODEL: ModelProfile(context_window=4096)}
    Profile.from_dict({"measured": "2026-11-30", "address": "h"}).write(file)
    Profile.read(file).with_facts(models=measured).write(file)
    return str(file)


@pytest.mark.parametrize("package", CLIENTS)
def test_profile_reaches_the_client(package: str, path: str) -> None:
    assert CLIENTS[package](path).settings.profile == Profile.read(path)


def test_profile_is_part_of_a_dump_as_its_path(path: str) -> None:
    service = LLMaaSChatCompletion(MODEL, profile=path)
    dumped = json.loads(json.dumps(service.to_dict()))
    assert dumped["profile"] == path
    again = LLMaaSChatCompletion.from_dict(dumped)
    assert again.client.settings.profile == Profile.read(path)
