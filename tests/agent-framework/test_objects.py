"""Client objects: environment, event loops, serialization and spans."""

import asyncio
import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from agent_framework import Agent, SupportsChatGetResponse, SupportsGetEmbeddings

import llmaas
from agent_framework_llmaas import LLMaaSChatClient, LLMaaSEmbeddingClient, RawLLMaaSChatClient
from tests.helpers.isolation import secret_leaks
from tests.helpers.waiting import soon

KEY = "sk-canary-0123456789"


def test_dumps_hold_no_key_and_no_client():
    for kind in (LLMaaSChatClient, LLMaaSEmbeddingClient):
        client = kind("granite", api_key=KEY, base_url="https://x.example")
        dumped = client.to_dict()
        assert KEY not in json.dumps(dumped)
        assert KEY not in repr(client) + repr(vars(client)) + str(pickle.dumps(client))
        assert "client" not in dumped
        again = kind.from_dict(dumped)
        assert (again.model, again.service_url()) == ("granite", "https://x.example/v1")


@pytest.mark.parametrize("kind", [LLMaaSChatClient, LLMaaSEmbeddingClient])
def test_dump_keeps_the_patience(kind):
    patience = {"timeout": llmaas.Timeout(3, 7), "max_retries": 5, "deadline": 9.0}
    dumped = json.loads(json.dumps(kind("m", headers={"x-team": "a"}, **patience).to_dict()))
    settings = kind.from_dict(dumped).client.settings
    assert (settings.timeout, settings.retry.max_retries) == (llmaas.Timeout(3, 7), 5)
    assert settings.deadline == 9
    assert "deadline" not in kind("m", **patience).to_dict(exclude={"deadline"})


def test_only_our_environment_counts(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://other.example/v1")
    monkeypatch.setenv("OPENAI_MODEL", "other")
    client = LLMaaSChatClient()
    assert client.service_url() == "https://api.ai.cloud-temple.com/v1"
    assert client.model is None
    monkeypatch.setenv("LLMAAS_BASE_URL", "https://ours.example")
    assert LLMaaSChatClient().service_url() == "https://ours.example/v1"
    assert LLMaaSChatClient(base_url="https://a.example").service_url() == "https://a.example/v1"


async def test_foreign_key_never_travels(sandbox, af, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.delenv("LLMAAS_API_KEY")
    with pytest.raises(llmaas.MissingAPIKeyError):
        await af.ask(LLMaaSChatClient("gpt-oss:120b"))
    assert not sandbox.requests


class Secret:
    def get_secret_value(self):
        return secret_leaks.KEY


async def test_secret_and_changing_keys(sandbox, make_client, af):
    for key in (Secret(), lambda: secret_leaks.KEY):
        assert (await af.ask(make_client(api_key=key))).text


def test_one_client_in_several_event_loops(client, af):
    def run(stream):
        return asyncio.run(af.ask(client, 'Say "Oui"', stream=stream)).text

    with ThreadPoolExecutor(1) as pool:  # loop after loop; pytest-asyncio has one in our thread
        assert list(pool.map(run, (False, True, False))) == ["Oui"] * 3


def test_one_client_in_several_threads(client, af):
    def run(_):
        return asyncio.run(af.ask(client, 'Say "Oui"', stream=True)).text

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(run, range(8))) == {"Oui"}


async def test_many_at_once(client, af):
    answers = await asyncio.gather(*[af.ask(client, f'Say "{n}"') for n in range(50)])
    assert [answer.text for answer in answers] == [str(n) for n in range(50)]


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))]
)
async def test_copies_and_pickles_answer(make_client, af, again):
    client = again(make_client(send_reasoning=True, additional_properties={"a": 1}))
    assert client.send_reasoning
    assert client.additional_properties == {"a": 1}
    assert (await af.ask(client, 'Say "Oui"')).text == "Oui"


async def test_cancelled_call_leaves_at_once(sandbox, client, af, stream):
    sandbox.script([{"content": "Oui.", "delay": 30}])
    task = asyncio.create_task(af.ask(client, stream=stream))
    await soon(lambda: list(sandbox.requests))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)


async def test_several_answers_are_several_messages(sandbox, client, af):
    response = await af.ask(client, 'Say "Oui"', n=2)
    assert [message.text for message in response.messages] == ["Oui", "Oui"]
    with pytest.raises(llmaas.InvalidInputError, match="streamed"):
        await af.ask(client, n=2, stream=True)


def test_classes_implement_the_framework_bases(client):
    assert isinstance(client, SupportsChatGetResponse)
    assert isinstance(LLMaaSEmbeddingClient("m"), SupportsGetEmbeddings)
    layers = [kind.__name__ for kind in type(client).__mro__[1:5]]
    assert layers[:3] == ["FunctionInvocationLayer", "ChatMiddlewareLayer", "ChatTelemetryLayer"]
    assert layers[3] == "RawLLMaaSChatClient"


async def test_raw_client_has_no_layers(sandbox, af, stream):
    assert (
        await af.ask(RawLLMaaSChatClient("gpt-oss:120b"), 'Say "Oui"', stream=stream)
    ).text == "Oui"


async def test_connected_client_can_be_shared(sandbox, af):
    async with llmaas.AsyncLLMaaS() as shared:
        client = LLMaaSChatClient("gpt-oss:120b", client=shared)
        assert client.client is shared
        assert (await af.ask(client, 'Say "Oui"')).text == "Oui"


async def test_user_agent_is_ours(sandbox, client):
    await Agent(client).run("?")
    agent = sandbox.requests[-1].headers["user-agent"].lower()
    assert agent.startswith("llmaas-python")
    assert "openai" not in agent
