"""Kept connections that a server has closed, early refusals, and event loops that just stop."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import llmaas
from llmaas import AsyncLLMaaS, LLMaaS
from llmaas.errors import PayloadTooLargeError
from tests.helpers.servers.raw import Script, server

CHOICE = {"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}
WHOLE = json.dumps({"id": "1", "choices": [CHOICE]}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(WHOLE), WHOLE)


class Keeper:
    """A server that answers a number of requests on each connection, then leaves in some way."""

    def __init__(self, leave: Callable[[socket.socket], None], answers: int = 1) -> None:
        self.leave, self.answers = leave, answers
        self.connections = self.requests = 0

    @contextmanager
    def __call__(self) -> Iterator[str]:
        with server(self._serve, deaf=True) as url:
            yield url

    def _serve(self, peer: socket.socket, over: threading.Event) -> None:
        self.connections += 1
        peer.settimeout(20)
        for _ in range(self.answers):
            if not peer.recv(65536):
                return
            self.requests += 1
            peer.sendall(ANSWER)
        self.leave(peer)


def close_when_asked(peer: socket.socket) -> None:
    """Close only once the next request is there: no look at the connection could have told."""
    peer.recv(65536)


def reset_when_asked(peer: socket.socket) -> None:
    peer.recv(65536)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close_at_once(peer: socket.socket) -> None:
    pass


LEAVING = [close_at_once, close_when_asked, reset_when_asked]


def ask_often(kind: str, url: str, times: int) -> list[str]:
    """Ask one after the other, through one pool."""

    async def ask() -> list[str]:
        client = AsyncLLMaaS(base_url=url, api_key="k", max_retries=0)
        return [(await client.chat("?", model="m:1")).text for _ in range(times)]

    if kind == "async":
        return asyncio.run(ask())
    with LLMaaS(base_url=url, api_key="k", max_retries=0) as client:
        return [client.chat("?", model="m:1").text for _ in range(times)]


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("leave", LEAVING, ids=lambda leave: leave.__name__)
def test_kept_connection_is_replaced_when_the_server_closed_it(kind: str, leave: Any) -> None:
    with Keeper(leave)() as url:
        assert ask_often(kind, url, 6) == ["ok"] * 6


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_new_connection_is_not_replaced_when_it_ends_without_an_answer(kind: str) -> None:
    keeper = Keeper(close_when_asked, answers=0)
    with keeper() as url, pytest.raises(llmaas.APIConnectionError):
        ask_often(kind, url, 1)
    assert keeper.connections == 1


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_reused_connection_is_not_replaced_after_the_first_byte(kind: str) -> None:
    def begin(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 2")

    keeper = Keeper(begin)
    with keeper() as url, pytest.raises(llmaas.APIConnectionError):
        ask_often(kind, url, 2)
    assert keeper.connections == 1


def test_kept_connection_is_replaced_when_the_loop_stood_still() -> None:
    """As in AWS Lambda: the process sleeps between two runs of one loop."""
    with Keeper(close_at_once)() as url:
        client = AsyncLLMaaS(base_url=url, api_key="k", max_retries=0)
        loop = asyncio.new_event_loop()
        try:
            for _ in range(3):
                answer = loop.run_until_complete(client.chat("?", model="m:1"))
                assert answer.text == "ok"
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


def refuse_early(peer: socket.socket, over: threading.Event) -> None:
    peer.recv(65536)
    peer.sendall(b"HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\nconnection: close\r\n\r\nlarge")
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("size", [500_000, 20_000_000])
def test_early_refusal_is_read_when_the_upload_is_reset(api: Any, size: int) -> None:
    for _ in range(5):
        with server(refuse_early, deaf=True) as url:
            client = api(base_url=url, api_key="k")
            with pytest.raises(PayloadTooLargeError):
                client.do("chat", "x" * size, model="m:1")


def keep(answer: bytes) -> Script:
    def run(peer: socket.socket, over: threading.Event) -> None:
        while peer.recv(65536):
            peer.sendall(answer)

    return run


LOOPS = """
import asyncio, gc, os, sys, warnings
warnings.simplefilter("ignore")
from llmaas import AsyncLLMaaS
client = AsyncLLMaaS(base_url=sys.argv[1], api_key="k")
def ask():
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(client.chat("?", model="m:1")).text == "ok"
    loop.close()
def files():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))
ask()
before = files()
for _ in range(20):
    ask()
print(files() - before)
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts files by /proc")
def test_sockets_are_closed_when_loops_end_by_close_alone() -> None:
    with server(keep(ANSWER), deaf=True) as url:
        command = [sys.executable, "-c", LOOPS, url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert int(done.stdout) <= 1


@pytest.mark.filterwarnings("ignore::llmaas.warnings.InsecureURLWarning")
def test_addresses_are_looked_up_again_when_a_connect_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that moves: aiohttp remembers addresses for ten seconds."""
    with server(keep(ANSWER), deaf=True) as url:
        port = int(url.rsplit(":", 1)[1].removesuffix("/v1"))
        with socket.create_server(("127.0.0.1", 0)) as unused:
            dead = unused.getsockname()[1]
        ports = [dead, port, port]

        def look_up(host: Any, asked: Any, *args: Any, **options: Any) -> list[Any]:
            where = ("127.0.0.1", ports.pop(0))
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", where)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

        async def ask() -> str:
            client = AsyncLLMaaS(base_url="http://moved.test/v1", api_key="k", max_retries=1)
            return (await client.chat("?", model="m:1")).text

        monkeypatch.setenv("NO_PROXY", "*")
        assert asyncio.run(ask()) == "ok"
