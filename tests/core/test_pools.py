"""Pools are shared, and closed with their last owner, whenever the collector finds it."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import weakref
from typing import Any

import pytest

import llmaas
from llmaas import AsyncLLMaaS, LLMaaS
from llmaas.transport.pool_registry import PoolKey, PoolRegistry
from tests.helpers.servers.raw import server

HERE, THERE = PoolKey("http://127.0.0.1:1"), PoolKey("http://127.0.0.1:2")


class Owner:
    """Part of a cycle, so that only the collector ends it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def closed() -> list[str]:
    return []


@pytest.fixture
def shared(closed: list[str]) -> PoolRegistry[str]:
    return PoolRegistry(lambda network: f"pool of {network.origin}", closed.append)


def test_owners_share_a_pool_that_the_last_one_closes(shared: Any, closed: list[str]) -> None:
    one, other = Owner(), Owner()
    assert shared.acquire(HERE, one) is shared.acquire(HERE, other)
    shared.release(HERE, id(one))
    assert not closed
    shared.release(HERE, id(other))
    assert closed == [f"pool of {HERE.origin}"]


@pytest.mark.timeout(60)
def test_acquire_does_not_deadlock_when_an_owner_is_collected(closed: list[str]) -> None:
    def make(network: PoolKey) -> str:
        gc.collect()
        return network.origin

    shared = PoolRegistry(make, closed.append)
    keeper = Owner()
    shared.acquire(HERE, Owner())  # garbage from here on
    shared.acquire(THERE, keeper)
    assert closed == [HERE.origin]


BEGUN = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
)


def begun(peer: socket.socket, over: threading.Event) -> None:
    peer.sendall(BEGUN)
    over.wait()


@pytest.mark.parametrize("limit", [{"deadline": 0.5}, {"timeout": 0.5}], ids=str)
@pytest.mark.timeout(60)
def test_pool_timeout_is_reported_in_time(limit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("aiohttp_sessions", "connection_pool"):
        monkeypatch.setattr(f"llmaas.transport.{module}.POOL_SIZE", 1)

    async def by_tasks(url: str) -> None:
        client = AsyncLLMaaS(base_url=url, api_key="k", max_retries=0)
        async with await client.stream("?", model="m:1"):
            await client.chat("?", model="m:1", **limit)

    def by_threads(url: str) -> None:
        client = LLMaaS(base_url=url, api_key="k", max_retries=0)
        with client, client.stream("?", model="m:1"):
            client.chat("?", model="m:1", **limit)

    for run in (by_threads, lambda url: asyncio.run(by_tasks(url))):
        with server(begun) as url, pytest.raises(llmaas.APIConnectionError) as caught:
            run(url)
        assert not caught.value.reached
        assert isinstance(caught.value, llmaas.DeadlineExceededError) == ("deadline" in limit)


def test_an_event_loop_that_has_ended_is_kept_by_nothing(sandbox: Any) -> None:
    client = AsyncLLMaaS()

    async def ask() -> weakref.ref[Any]:
        await client.models()
        return weakref.ref(asyncio.get_running_loop())

    loops = [asyncio.run(ask()) for _ in range(3)]
    gc.collect()
    assert [loop() for loop in loops] == [None] * 3


def test_cooldowns_are_bounded_when_many_keys_are_used() -> None:
    from llmaas.transport import cooldown

    closed = cooldown.get_cooldown("root", "closed")
    closed.start(60)
    for number in range(5_000):
        cooldown.get_cooldown("root", str(number))
    assert len(cooldown._cooldowns) <= 1024
    assert cooldown.get_cooldown("root", "closed") is closed
