"""Configuration, components and secrets."""

import copy
import json
import pickle
import subprocess
import sys

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import ComponentModel
from autogen_core.models import ChatCompletionClient, UserMessage

from autogen_llmaas import LLMaaSChatCompletionClient, native_component
from autogen_llmaas.settings import ClientSettings, LLMaaSClientConfig
from llmaas import ConfigurationError, MissingAPIKeyError

MODEL = "gpt-oss:120b"
SECRET = "sk-very-secret-1234567890"
HELLO = [UserMessage(content="Hello", source="user")]
EVERYTHING = {
    "api_key_env": "TEAM_KEY",
    "base_url": "http://127.0.0.1:9/v1",
    "model_info": {"vision": True},
    "temperature": 0.1,
    "top_p": 0.9,
    "max_tokens": 100,
    "frequency_penalty": 0.1,
    "presence_penalty": 0.2,
    "stop": ["END"],
    "seed": 7,
    "user": "me",
    "logprobs": True,
    "top_logprobs": 2,
    "n": 1,
    "proxy": "http://127.0.0.1:3128",
    "profile": "profile.json",
    "logit_bias": {"1": 2},
    "response_format": {"type": "json_object"},
    "parallel_tool_calls": False,
    "reasoning": "low",
    "reasoning_effort": "xhigh",
    "enable_thinking": False,
    "fallbacks": ["llama3.3:70b"],
    "retry_empty": True,
    "conform": False,
    "fresh": True,
    "strict": True,
    "stream_options": {"include_usage": True},
    "extra_body": {"top_k": 3},
    "default_headers": {"x-team": "a"},
    "ca_bundle": "/etc/ssl/certs/ca-certificates.crt",
    "timeout": 9.0,
    "deadline": 99.0,
    "max_retries": 5,
    "rate_limit_timeout": 1.0,
    "include_name_in_message": False,
    "add_name_prefixes": True,
    "send_reasoning": False,
}


async def test_another_vendors_key_is_never_sent(ask, sandbox, monkeypatch):
    monkeypatch.delenv("LLMAAS_API_KEY")
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with pytest.raises(MissingAPIKeyError, match="LLMAAS_API_KEY"):
        await ask(LLMaaSChatCompletionClient(MODEL), "Hi")
    assert not list(sandbox.requests)


async def test_another_vendors_headers_and_address_are_not_used(ask, client, sandbox, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-x")
    monkeypatch.setenv("OPENAI_PROJECT", "proj-x")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    await ask(client, "Hi")
    headers = list(sandbox.requests)[-1].headers
    assert not [name for name in headers if name.lower().startswith("openai-")]
    assert "org-x" not in str(headers)


async def test_component_names_the_variable_and_holds_no_key(sandbox, monkeypatch):
    client = LLMaaSChatCompletionClient(MODEL, api_key=SECRET, api_key_env="TEAM_KEY")
    text = client.dump_component().model_dump_json()
    assert SECRET not in text
    assert "**" not in text
    assert json.loads(text)["config"]["api_key_env"] == "TEAM_KEY"
    loaded = ChatCompletionClient.load_component(json.loads(text))
    monkeypatch.setenv("TEAM_KEY", sandbox.api_key)
    assert (await loaded.create(HELLO)).content
    monkeypatch.delenv("TEAM_KEY")
    with pytest.raises(MissingAPIKeyError, match="TEAM_KEY"):
        await ChatCompletionClient.load_component(json.loads(text)).create(HELLO)


async def test_team_comes_back_from_json(client, sandbox):
    agents = [AssistantAgent(name, client) for name in ("writer", "editor")]
    team = RoundRobinGroupChat(agents, termination_condition=MaxMessageTermination(5))
    text = team.dump_component().model_dump_json()
    assert sandbox.api_key not in text
    again = RoundRobinGroupChat.load_component(ComponentModel.model_validate_json(text))
    result = await again.run(task='Say "Oui"')
    assert {message.source for message in result.messages} >= {"user", "writer", "editor"}


async def test_teams_state_is_saved_and_loaded(client):
    team = RoundRobinGroupChat([AssistantAgent("writer", client)], max_turns=1)
    await team.run(task='Say "Oui"')
    state = await team.save_state()
    again = RoundRobinGroupChat([AssistantAgent("writer", client)], max_turns=1)
    await again.load_state(state)
    assert (await again.run(task="Go on")).messages


def test_every_argument_survives(tmp_path):
    assert set(EVERYTHING) == set(ClientSettings.__annotations__)
    assert {*EVERYTHING, "model"} == set(LLMaaSClientConfig.model_fields)
    client = LLMaaSChatCompletionClient(MODEL, **EVERYTHING)
    dumped = json.loads(client.dump_component().model_dump_json())
    assert dumped["config"] == {"model": MODEL, **EVERYTHING}
    again = ChatCompletionClient.load_component(dumped).dump_component()
    assert json.loads(again.model_dump_json()) == dumped


def test_subclass_dumps_itself():
    dumped = Custom(MODEL).dump_component()
    assert dumped.provider.endswith(".Custom")
    assert type(LLMaaSChatCompletionClient(MODEL).dump_component().provider) is str


class Custom(LLMaaSChatCompletionClient):
    """A client of one's own."""


@pytest.mark.parametrize("wrong", [{"temprature": 1}, {"organization": "x"}, {"model_infos": {}}])
def test_unknown_arguments_are_refused_at_once(wrong):
    [name] = wrong
    with pytest.raises(ConfigurationError, match=name):
        LLMaaSChatCompletionClient(MODEL, **wrong)
    with pytest.raises(ValueError, match=name):
        ChatCompletionClient.load_component(
            {**native_component(MODEL), "config": {"model": MODEL, **wrong}}
        )


def test_misspelt_key_is_not_shown():
    with pytest.raises(ConfigurationError) as caught:
        LLMaaSChatCompletionClient(MODEL, api_kye=SECRET)
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize("effort", ["none", "minimal", "low", "xhigh", "max"])
async def test_any_reasoning_effort(ask, sandbox, effort):
    model = "qwen3.6:27b" if effort == "none" else MODEL  # gpt-oss always reasons
    await ask(LLMaaSChatCompletionClient(model, reasoning_effort=effort), "Hi")
    assert list(sandbox.requests)[-1].json["reasoning_effort"] == effort


async def test_headers_and_parameters_per_call(ask, client, sandbox):
    extra = {"extra_headers": {"x-trace": "1"}, "extra_body": {"top_k": 3}, "temperature": 0.2}
    await ask(client, "Hi", extra_create_args=extra)
    sent = list(sandbox.requests)[-1]
    assert sent.headers["x-trace"] == "1"
    assert (sent.json["top_k"], sent.json["temperature"]) == (3, 0.2)


async def test_misspelt_argument_of_a_call_is_refused(ask, client, sandbox):
    with pytest.raises(ConfigurationError, match="temprature"):
        await ask(client, "Hi", extra_create_args={"temprature": 0.2})
    assert not list(sandbox.requests)


@pytest.mark.parametrize("make", [repr, str, pickle.dumps, copy.deepcopy], ids=lambda f: f.__name__)
def test_no_key_in_clear(make):
    shown = make(LLMaaSChatCompletionClient(MODEL, api_key=SECRET))
    assert SECRET not in (shown.decode("latin-1") if isinstance(shown, bytes) else repr(shown))


async def test_pickle_finds_its_key_where_it_is_loaded(sandbox):
    client = pickle.loads(pickle.dumps(LLMaaSChatCompletionClient(MODEL, api_key=SECRET, seed=3)))
    assert (await client.create(HELLO)).content
    assert list(sandbox.requests)[-1].json["seed"] == 3


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
async def test_copy_keeps_its_key(sandbox, monkeypatch, make):
    client = LLMaaSChatCompletionClient(MODEL, api_key=sandbox.api_key)
    monkeypatch.delenv("LLMAAS_API_KEY")
    again = make(client)
    assert (await again.create(HELLO)).content
    assert (again.totals.requests, client.totals.requests) == (1, 0)


def test_secret_headers_are_refused():
    with pytest.raises(ConfigurationError, match="Authorization") as caught:
        LLMaaSChatCompletionClient(MODEL, default_headers={"Authorization": f"Bearer {SECRET}"})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("before", ["", "my_agents", "autogen_llmaas"])
def test_namespace_is_allowed_on_import(before):
    code = "import os, autogen_llmaas; print(os.environ['AUTOGEN_ALLOWED_PROVIDER_NAMESPACES'])"
    completed = subprocess.run(
        [sys.executable, "-c", code],
        env={"AUTOGEN_ALLOWED_PROVIDER_NAMESPACES": before},
        capture_output=True,
        text=True,
        check=True,
    )
    names = [*filter(None, [before if before != "autogen_llmaas" else ""]), "autogen_llmaas"]
    assert completed.stdout.strip() == ",".join(names)


def test_model_info_comes_from_the_catalog():
    info = LLMaaSChatCompletionClient(MODEL).model_info
    assert info["function_calling"]
    assert not info["vision"]
    assert LLMaaSChatCompletionClient("gemma4:31b").model_info["vision"]
    assert LLMaaSChatCompletionClient("no-such-model").model_info["function_calling"]
    assert set(info) >= {"vision", "function_calling", "json_output", "family", "structured_output"}


def test_model_info_argument_overrides_the_catalog():
    client = LLMaaSChatCompletionClient(MODEL, model_info={"vision": True})
    assert client.model_info["vision"]
    assert client.model_info["function_calling"]
    assert client.capabilities == client.model_info
