"""A call ends at its deadline, whatever the server does: silent, dripping, deaf, endless."""

from __future__ import annotations

import asyncio
import gc
import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest

import llmaas
import llmaas.errors  # now, not while a deadline is running
import llmaas.transport.httpx_transport
from llmaas import Timeout
from tests.helpers.servers.raw import Script, server

MODEL = "llama3.3:70b"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n"
CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
FOREVER = 5.0
"""Seconds: a busy machine may be late, but without its deadline nothing here ends so soon."""


def drip(data: bytes, pause: float) -> Script:
    """Send byte after byte, without end."""

    def run(peer: socket.socket, over: threading.Event) -> None:
        while True:
            for n in range(len(data)):
                peer.sendall(data[n : n + 1])
                if over.wait(pause):
                    return

    return run


def after(start: bytes, then: Script) -> Script:
    def run(peer: socket.socket, over: threading.Event) -> None:
        peer.sendall(start)
        then(peer, over)

    return run


def late(data: bytes, seconds: float) -> Script:
    """Send something shortly before the deadline, then nothing more."""

    def run(peer: socket.socket, over: threading.Event) -> None:
        if not over.wait(seconds):
            peer.sendall(data)
            over.wait()

    return run


def silent(peer: socket.socket, over: threading.Event) -> None:
    over.wait()


def flood(peer: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        peer.sendall(b": endless\n\n" * 500)


WHOLE = {
    "silent": silent,
    "head dripping": drip(b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 50, 0.05),
    "body dripping": after(PLAIN, drip(b"{", 0.05)),
}
STREAMED = {
    **WHOLE,
    "events dripping": after(HEAD, drip(CHUNK, 0.02)),
    "comments without end": after(HEAD, flood),
}
# With a deadline of 4 s: if it began anew with the late byte, the call would end after 7.2 s.
LATE_WHOLE = {
    "of the head": late(b"H", 3.2),
    "of the body": after(PLAIN, late(b"{", 3.2)),
}
LATE_STREAMED = {**LATE_WHOLE, "after an event": after(HEAD + CHUNK, late(b":", 3.2))}


@pytest.mark.parametrize("what", WHOLE)
def test_a_call_ends_at_its_deadline(api: Any, what: str) -> None:
    with server(WHOLE[what]) as url:
        began = time.monotonic()
        with pytest.raises(llmaas.DeadlineExceededError):
            api(base_url=url, api_key="k").do("chat", "?", model=MODEL, deadline=0.6)
        assert 0.5 < time.monotonic() - began < FOREVER


@pytest.mark.parametrize("what", STREAMED)
def test_a_stream_ends_at_its_deadline(api: Any, what: str) -> None:
    with server(STREAMED[what]) as url:
        began = time.monotonic()
        with pytest.raises((llmaas.DeadlineExceededError, llmaas.StreamInterrupted)):
            api(base_url=url, api_key="k").events("?", model=MODEL, deadline=0.6)
        assert 0.5 < time.monotonic() - began < FOREVER


@pytest.mark.parametrize("what", LATE_WHOLE)
def test_a_late_byte_does_not_prolong_a_call(api: Any, what: str) -> None:
    with server(LATE_WHOLE[what]) as url:
        began = time.monotonic()
        with pytest.raises(llmaas.DeadlineExceededError):
            api(base_url=url, api_key="k").do("chat", "?", model=MODEL, deadline=4.0)
        assert 3.9 < time.monotonic() - began < 7


@pytest.mark.parametrize("what", LATE_STREAMED)
def test_a_late_byte_does_not_prolong_a_stream(api: Any, what: str) -> None:
    with server(LATE_STREAMED[what]) as url:
        began = time.monotonic()
        with pytest.raises((llmaas.DeadlineExceededError, llmaas.StreamInterrupted)):
            api(base_url=url, api_key="k").events("?", model=MODEL, deadline=4.0)
        assert 3.9 < time.monotonic() - began < 7


def test_a_large_upload_to_a_deaf_server_ends_at_its_deadline(api: Any) -> None:
    with server(silent, deaf=True) as url:
        began = time.monotonic()
        client = api(base_url=url, api_key="k")
        with pytest.raises(llmaas.DeadlineExceededError):
            client.do("transcribe", ("a.wav", bytes(30_000_000)), deadline=0.6)
        assert 0.5 < time.monotonic() - began < FOREVER
    del client
    gc.collect()  # a connection that were left open would warn


@contextmanager
def full() -> Iterator[str]:
    """An address whose queue is full: no connection to it is answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        callers = []
        for _ in range(4):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
            callers.append(caller)
        time.sleep(0.1)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            for caller in callers:
                caller.close()


def test_connecting_ends_at_the_deadline(api: Any) -> None:
    with full() as url:
        began = time.monotonic()
        client = api(base_url=url, api_key="k", timeout=Timeout(connect=10, read=10))
        with pytest.raises(llmaas.DeadlineExceededError) as caught:
            client.do("chat", "?", model=MODEL, deadline=0.6)
        assert 0.5 < time.monotonic() - began < FOREVER
        assert not caught.value.reached


def test_connecting_ends_at_its_own_timeout(api: Any) -> None:
    with full() as url:
        began = time.monotonic()
        client = api(base_url=url, api_key="k", timeout=Timeout(connect=0.4, read=10))
        with pytest.raises(llmaas.APIConnectionError) as caught:
            client.do("chat", "?", model=MODEL, deadline=10)
        assert 0.3 < time.monotonic() - began < FOREVER
        assert not caught.value.reached


def test_a_handshake_that_is_not_answered_ends_at_the_deadline(api: Any) -> None:
    with server(silent, deaf=True) as url:
        began = time.monotonic()
        client = api(base_url=url.replace("http:", "https:"), api_key="k")
        with pytest.raises(llmaas.DeadlineExceededError) as caught:
            client.do("chat", "?", model=MODEL, deadline=0.6)
        assert 0.5 < time.monotonic() - began < FOREVER
        assert not caught.value.reached


def test_retries_end_at_the_deadline(api: Any) -> None:
    def hang_up(peer: socket.socket, over: threading.Event) -> None:
        over.wait(0.15)

    with server(hang_up) as url:
        began = time.monotonic()
        with pytest.raises(llmaas.APIConnectionError):  # the last failure, or the deadline
            api(base_url=url, api_key="k", max_retries=50).do(
                "chat", "?", model=MODEL, deadline=1.0
            )
        assert time.monotonic() - began < FOREVER


def test_a_kept_connection_obeys_the_next_calls_deadline(sandbox: Any, api: Any) -> None:
    client = api()
    client.do("chat", 'Say "Oui"', model=MODEL, deadline=5)
    sandbox.script([{"content": "tard", "delay": 4.5}])
    began = time.monotonic()
    with pytest.raises(llmaas.DeadlineExceededError):
        client.do("chat", "?", model=MODEL, deadline=0.5)
    assert time.monotonic() - began < 4
    assert client.do("chat", 'Say "Oui"', model=MODEL).text == "Oui"


def test_complete_answer_returns_when_the_server_leaves_the_body_open(api: Any) -> None:
    """The answer is whole, [DONE] came, but the end of the body does not."""
    whole = CHUNK + b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    with server(after(HEAD + whole + b"data: [DONE]\n\n", silent)) as url:
        began = time.monotonic()
        events = api(base_url=url, api_key="k").events("?", model=MODEL)
        assert events[-1].completion.text == "a"
        assert time.monotonic() - began < FOREVER


@pytest.mark.parametrize("stream", [False, True])
def test_a_name_that_is_not_found_in_time(monkeypatch: pytest.MonkeyPatch, stream: bool) -> None:
    over = threading.Event()

    def unanswered(*_: Any, **__: Any) -> NoReturn:
        over.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "no name server answers")

    monkeypatch.setattr(socket, "getaddrinfo", unanswered)
    client = llmaas.LLMaaS(base_url="https://llmaas.example/v1", api_key="k", max_retries=0)
    began = time.monotonic()
    try:
        with pytest.raises(llmaas.DeadlineExceededError) as caught:
            (client.stream if stream else client.chat)("?", model=MODEL, deadline=0.4)
        assert time.monotonic() - began < FOREVER
        assert not caught.value.reached
    finally:
        over.set()


def test_closing_the_client_ends_a_call_in_another_thread() -> None:
    came, failures = threading.Event(), []

    def silent(_: socket.socket, over: threading.Event) -> None:
        came.set()
        over.wait()

    def ask(client: llmaas.LLMaaS) -> None:
        try:
            client.chat("?", model=MODEL)
        except llmaas.APIConnectionError as error:
            failures.append(error)

    with server(silent) as url:
        client = llmaas.LLMaaS(base_url=url, api_key="k", max_retries=0, timeout=60)
        asking = threading.Thread(target=ask, args=(client,))
        asking.start()
        assert came.wait(FOREVER)
        client.close()
        asking.join(FOREVER)
        assert not asking.is_alive()
    assert len(failures) == 1


async def _block(turns: float) -> None:
    """Keep each turn of the loop busy for longer than the connect timeout."""
    while (turns := turns - 1) >= 0:
        time.sleep(0.15)  # noqa: ASYNC251 - blocks the loop on purpose
        await asyncio.sleep(0)


def _impatient(url: str, key: str = "k") -> llmaas.AsyncLLMaaS:
    timeout = Timeout(connect=0.1, read=30)
    return llmaas.AsyncLLMaaS(base_url=url, api_key=key, max_retries=0, timeout=timeout)


def test_connecting_succeeds_when_the_loop_was_busy_beyond_the_timeout(sandbox: Any) -> None:
    async def main() -> list[Any]:
        client = _impatient(sandbox.base_url, sandbox.api_key)
        calls = [client.chat("hi", model=MODEL) for _ in range(5)]
        return (await asyncio.gather(*calls, _block(8)))[:-1]

    assert all(answer.text for answer in asyncio.run(main()))


def test_connecting_ends_when_the_loop_is_always_busy() -> None:
    async def main() -> None:
        busy = asyncio.create_task(_block(math.inf))
        try:
            await _impatient(url).chat("hi", model=MODEL)
        finally:
            busy.cancel()

    with full() as url, pytest.raises(llmaas.APIConnectionError):
        asyncio.run(main())


def test_deadline_has_not_reached_the_service_when_a_busy_loop_was_connecting() -> None:
    async def main(url: str) -> list[Any]:
        busy = asyncio.create_task(_block(math.inf))
        try:
            client = llmaas.AsyncLLMaaS(base_url=url, api_key="k", max_retries=0)
            calls = [client.chat("hi", model=MODEL, deadline=0.5 + i / 20) for i in range(4)]
            return await asyncio.gather(*calls, return_exceptions=True)
        finally:
            busy.cancel()

    with full() as url:
        errors = asyncio.run(main(url))
    assert all(type(error) is llmaas.DeadlineExceededError for error in errors)
    assert not any(error.reached for error in errors)
