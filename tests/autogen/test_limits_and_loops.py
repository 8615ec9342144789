"""Rate limits, clients that share a key, event loops and cancellation."""

import asyncio
import threading
import time

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_core import CancellationToken
from autogen_core.models import UserMessage

from autogen_llmaas import LLMaaSChatCompletionClient
from llmaas import RateLimitError
from tests.helpers.waiting import soon

MODEL = "gpt-oss:120b"
HELLO = [UserMessage(content="Hello", source="user")]


def limited(**headers):
    body = {"error": {"message": "Rate limit exceeded.", "code": "rate_limit_exceeded"}}
    return {"status": 429, "headers": headers, "json": body}


@pytest.mark.parametrize("form", ["retry-after", "reset"])
async def test_429_is_waited_for(ask, sandbox, form):
    now = time.time()
    reset = {"x-ratelimit-reset-requests": str(int(now) + 2)}
    headers = {"retry-after": "1"} if form == "retry-after" else reset
    sandbox.script([limited(**headers), {"content": "Oui."}])
    client = LLMaaSChatCompletionClient(MODEL)
    assert (await ask(client, "Hi")).result.content == "Oui."
    assert time.time() - now >= 1


async def test_more_429s_than_any_retry_count(ask, sandbox):
    sandbox.script([limited(**{"retry-after": "0.05"})] * 6)
    client = LLMaaSChatCompletionClient(MODEL, max_retries=0)
    assert (await ask(client, "Hi")).result.content
    assert len(sandbox.requests) == 7


async def test_rate_limit_error_is_typed_when_the_timeout_ends(ask, sandbox):
    sandbox.script([limited(**{"retry-after": "3600"})])
    client = LLMaaSChatCompletionClient(MODEL, max_retries=0)
    agent = AssistantAgent("a", client)
    with pytest.raises(RateLimitError) as caught:
        await agent.run(task="Hi")
    assert (caught.value.status_code, caught.value.retry_after) == (429, 3600)
    assert caught.value.code == "rate_limit_exceeded"


async def test_one_429_pauses_every_client_of_the_key(sandbox):
    sandbox.script([limited(**{"retry-after": "0.8"})])
    clients = [LLMaaSChatCompletionClient(MODEL) for _ in range(10)]
    began = time.monotonic()
    first = asyncio.create_task(clients[0].create(HELLO))
    await soon(lambda: list(sandbox.requests) and sandbox.requests[0].finished)
    await asyncio.sleep(0.2)  # it has read the refusal
    others = [asyncio.create_task(client.create(HELLO)) for client in clients[1:]]
    await soon(lambda: len(sandbox.requests) > 1)
    assert time.monotonic() - began > 0.8  # nobody was sent before
    await asyncio.gather(first, *others)
    assert len(sandbox.requests) == 11


def test_one_client_in_several_event_loops(sandbox):
    client = LLMaaSChatCompletionClient(MODEL, max_retries=0)

    async def both():
        await client.create(HELLO)
        return [piece async for piece in client.create_stream(HELLO)]

    for _ in range(3):
        assert asyncio.run(both())
    found = []
    threads = [threading.Thread(target=lambda: found.append(asyncio.run(both()))) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert client.totals.requests == 10


async def test_closed_client_opens_again(client):
    await client.create(HELLO)
    await client.close()
    assert (await client.create(HELLO)).content


@pytest.mark.parametrize("fault", ["stall:30:0", "stall:30:4"], ids=["before", "amid"])
async def test_cancelled_token_closes_the_socket(ask, client, sandbox, fault):
    token = CancellationToken()
    arguments = {"extra_headers": {"x-sandbox-fault": fault}}
    call = ask(client, "Tell me", extra_create_args=arguments, cancellation_token=token)
    task = asyncio.create_task(call)
    await soon(lambda: list(sandbox.requests))
    await asyncio.sleep(0.2)
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)
    await soon(lambda: list(sandbox.requests)[-1].disconnected)


async def test_token_that_was_cancelled_before_sends_nothing_on(ask, client):
    token = CancellationToken()
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ask(client, "Hi", cancellation_token=token)


async def test_stream_that_is_left_closes_its_socket(client, sandbox):
    token = CancellationToken()
    sandbox.script([{"content": "word " * 200, "fault": "stall:30:4"}])
    stream = client.create_stream(HELLO, cancellation_token=token)
    assert isinstance(await anext(stream), str)
    await stream.aclose()
    await soon(lambda: list(sandbox.requests)[-1].disconnected)


async def test_text_is_yielded_before_the_stream_ends(client, sandbox):
    sandbox.script([{"content": "word " * 20, "fault": "stall:30:4"}])
    token = CancellationToken()
    stream = client.create_stream(HELLO, cancellation_token=token)
    async with asyncio.timeout(15):  # of thirty
        first = await anext(stream)
    assert first.startswith("word")
    await stream.aclose()
