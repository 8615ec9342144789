"""Connections that threads share: how many are opened, which are used again, when they end."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

import llmaas
from llmaas import LLMaaS
from tests.helpers.servers.raw import server

CHOICE = {"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}
WHOLE = json.dumps({"id": "1", "choices": [CHOICE]}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(WHOLE), WHOLE)
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
FIRST = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

pytestmark = pytest.mark.timeout(60)


def frame(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Service:
    """Server that counts its connections, notes which answers, and sees them end."""

    def __init__(self) -> None:
        self.opened = 0
        self.answered_by: list[int] = []
        self.ended: list[int] = []
        self.one_ended = threading.Semaphore(0)
        self.may_finish = threading.Event()

    @contextmanager
    def __call__(self) -> Iterator[LLMaaS]:
        with server(self._serve, deaf=True) as url:
            try:
                with LLMaaS(base_url=url, api_key="k", max_retries=0) as client:
                    yield client
            finally:
                self.may_finish.set()

    def _serve(self, peer: socket.socket, over: threading.Event) -> None:
        number = self.opened = self.opened + 1
        try:
            while request := peer.recv(65536):
                self.answered_by.append(number)
                if b'"broken"' in request:
                    peer.sendall(b"this is not HTTP\r\n\r\n")
                elif b'"stream":true' in request:
                    peer.sendall(STREAM + frame(FIRST))
                    self.may_finish.wait()
                    peer.sendall(frame(LAST) + b"0\r\n\r\n")
                else:
                    peer.sendall(ANSWER)
        finally:
            self.ended.append(number)
            self.one_ended.release()


@pytest.fixture
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmaas.transport.connection_pool.POOL_SIZE", 1)


def test_threads_take_turns_when_all_connections_are_in_use(one_connection: None) -> None:
    service = Service()
    with service() as client, ThreadPoolExecutor(8) as threads:
        texts = list(threads.map(lambda _: client.chat("?", model="m:1").text, range(40)))
    assert texts == ["ok"] * 40
    assert service.opened == 1


def test_failed_request_frees_its_connection(one_connection: None) -> None:
    service = Service()
    with service() as client:
        for _ in range(3):
            with pytest.raises(llmaas.APIConnectionError):
                client.chat("?", model="broken")
        assert client.chat("?", model="m:1", timeout=5).text == "ok"
    assert service.opened == 4


def test_abandoned_stream_frees_its_connection_once(one_connection: None) -> None:
    service = Service()
    with service() as client:
        stream = client.stream("?", model="m:1")
        next(stream)
        closers = [threading.Thread(target=stream.close) for _ in range(8)]
        for thread in closers:
            thread.start()
        for thread in closers:
            thread.join()
        with ThreadPoolExecutor(4) as threads:  # a slot freed twice would open two connections
            list(threads.map(lambda _: client.chat("?", model="m:1"), range(20)))
    assert service.opened == 2


def test_connection_used_last_is_used_next() -> None:
    service = Service()
    with service() as client:
        with ExitStack() as stack:
            streams = [stack.enter_context(client.stream("?", model="m:1")) for _ in range(3)]
            service.may_finish.set()
            for stream in streams:
                assert [event.text for event in stream if event.type == "text"] == ["a"]
        for _ in range(5):
            client.chat("?", model="m:1")
    assert service.opened == 3
    assert len(set(service.answered_by[3:])) == 1


def test_idle_connections_are_closed_when_they_are_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    with service() as client:
        with ExitStack() as stack:
            streams = [stack.enter_context(client.stream("?", model="m:1")) for _ in range(3)]
            monkeypatch.setattr("llmaas.transport.http11_connection.KEEPALIVE", -1)
            service.may_finish.set()
            for stream in streams:
                list(stream)
        client.chat("?", model="m:1")
        assert all(service.one_ended.acquire(timeout=20) for _ in range(3))
    assert service.opened == 4


def test_closed_client_closes_its_connections_even_while_one_is_read() -> None:
    service = Service()
    with service() as client, ExitStack() as stack:
        stream = stack.enter_context(client.stream("?", model="m:1"))
        next(stream)
        client.chat("?", model="m:1")
        client.close()
        assert service.one_ended.acquire(timeout=20)  # the idle one: the server reads no other
        with pytest.raises(llmaas.LLMaaSError):
            list(stream)
        service.may_finish.set()
        assert service.one_ended.acquire(timeout=20)
    assert service.opened == 2
