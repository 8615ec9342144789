"""Fixtures: a client on the sandbox, called whole and streamed."""

import warnings
from types import SimpleNamespace

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the framework's own, when it is imported first
    from agent_framework import Content, Message

from agent_framework_llmaas import LLMaaSChatClient

MODEL = "gpt-oss:120b"


@pytest.fixture
def make_client(sandbox):
    """Create a client on the sandbox without retries."""

    def make(model=MODEL, **options):
        return LLMaaSChatClient(model, **{"max_retries": 0, **options})

    return make


@pytest.fixture
def client(make_client):
    return make_client()


async def ask(client, prompt="Bonjour", *, stream=False, **options):
    """Return the final response to a prompt or to messages, asked whole or streamed."""
    messages = [Message("user", [prompt])] if isinstance(prompt, str) else prompt
    if not stream:
        return await client.get_response(messages, options=options)
    return await client.get_response(messages, stream=True, options=options).get_final_response()


async def updates(client, prompt="Bonjour", **options):
    """Return all updates of a streamed answer."""
    messages = [Message("user", [prompt])] if isinstance(prompt, str) else prompt
    return [u async for u in client.get_response(messages, stream=True, options=options)]


def kinds(response):
    """Return (type, text) of the contents of a response's messages."""
    return [(c.type, c.text) for message in response.messages for c in message.contents]


def sent(sandbox):
    """Return the body of the last request."""
    return sandbox.requests[-1].json


def turns(*pairs):
    """Return messages from (role, contents)."""
    return [Message(role, list(contents)) for role, *contents in pairs]


@pytest.fixture
def af():
    """Return the helpers shared by the tests of this package."""
    return SimpleNamespace(
        ask=ask, updates=updates, kinds=kinds, sent=sent, turns=turns, Content=Content
    )


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def stream(request):
    return request.param
