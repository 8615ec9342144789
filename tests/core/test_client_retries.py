"""Retries, gates and deadlines over a real socket."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

import llmaas
from llmaas import AsyncLLMaaS
from tests.helpers.servers.raw import Script, server
from tests.helpers.waiting import soon

MODEL = "gpt-oss:120b"


def failing(status: int, **headers: str) -> dict[str, Any]:
    return {"status": status, "headers": headers, "json": {"error": {"message": "non"}}}


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_retried_statuses(sandbox: Any, api: Any, status: int) -> None:
    sandbox.script([failing(status, **{"retry-after": "0"}), {"content": "ok"}])
    assert api(max_retries=1).do("chat", "?", model=MODEL).text == "ok"
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 501])
def test_statuses_that_no_retry_cures(sandbox: Any, api: Any, status: int) -> None:
    sandbox.script([failing(status)])
    with pytest.raises(llmaas.APIStatusError) as caught:
        api(max_retries=3).do("chat", "?", model=MODEL)
    assert caught.value.status_code == status
    assert len(sandbox.requests) == 1


def test_the_last_failure_is_raised_when_retries_are_used_up(sandbox: Any, api: Any) -> None:
    sandbox.script([failing(503, **{"retry-after": "0"})] * 3)
    with pytest.raises(llmaas.InternalServerError):
        api(max_retries=2).do("chat", "?", model=MODEL)
    assert len(sandbox.requests) == 3


def test_a_wait_beyond_the_cap_fails_at_once(sandbox: Any, api: Any) -> None:
    sandbox.script([failing(429, **{"retry-after": "3600"})])
    began = time.monotonic()
    with pytest.raises(llmaas.RateLimitError) as caught:
        api(max_retries=2).do("chat", "?", model=MODEL)
    assert caught.value.retry_after == 3600
    assert time.monotonic() - began < 5


def limit(status: str) -> Script:
    def refuse(peer: socket.socket, over: threading.Event) -> None:
        head = f"HTTP/1.1 {status}\r\nretry-after: 30\r\ncontent-length: 2\r\n"
        peer.sendall(head.encode() + b"connection: close\r\n\r\n{}")

    return refuse


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_failure_is_raised_as_what_it_is_when_its_wait_exceeds_the_deadline(
    api: Any, status: str
) -> None:
    with server(limit(status)) as url:
        client = api(base_url=url, api_key="k", max_retries=2, deadline=20)
        began = time.monotonic()
        with pytest.raises(llmaas.APIStatusError) as caught:
            client.do("chat", "?", model=MODEL)
        assert (caught.value.status_code, caught.value.retry_after) == (int(status[:3]), 30)
        with pytest.raises(llmaas.APIStatusError) as second:  # of the gate, where it is a 429
            client.do("chat", "?", model=MODEL)
        assert second.value.status_code == int(status[:3])
        assert 20 < second.value.retry_after <= 32
        assert time.monotonic() - began < 10


def test_retries_are_visible_in_the_log_the_answer_and_the_error(
    sandbox: Any, api: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.script([failing(503, **{"retry-after": "0"}), {"content": "ok"}])
    with caplog.at_level("INFO", "llmaas"):
        answer = api(max_retries=1).do("chat", "a secret prompt", model=MODEL)
    assert answer.resends == 1
    (record,) = [each for each in caplog.records if each.name == "llmaas"]
    assert "503" in record.getMessage()
    assert "a secret prompt" not in record.getMessage()
    sandbox.script([failing(503, **{"retry-after": "0"})] * 3)
    with pytest.raises(llmaas.InternalServerError) as caught:
        api(max_retries=2).do("chat", "?", model=MODEL)
    assert caught.value.resends == 2


def test_one_429_pauses_all_callers_of_the_key(sandbox: Any) -> None:
    sandbox.script([failing(429, **{"retry-after": "1"})])

    async def crowd() -> float:
        # Two clients, one key: the gate is the process's, not the client's.
        clients = [AsyncLLMaaS(api_key=sandbox.api_key) for _ in range(2)]
        began = time.monotonic()
        first = asyncio.create_task(clients[0].chat("?", model=MODEL))
        await soon(lambda: list(sandbox.requests) and sandbox.requests[0].finished)
        await asyncio.sleep(0.3)  # it has read the refusal
        others = [asyncio.create_task(clients[n % 2].chat("?", model=MODEL)) for n in range(20)]
        await soon(lambda: len(sandbox.requests) > 1)
        passed = time.monotonic() - began
        await asyncio.gather(first, *others)
        return passed

    assert asyncio.run(crowd()) > 1  # nobody was sent within the second that was asked for
    assert len(sandbox.requests) == 22


def test_patience_outlasts_the_retries_when_many_share_a_key(sandbox: Any) -> None:
    sandbox.script([failing(429, **{"retry-after": "0.2"})] * 8)
    plain = AsyncLLMaaS().settings
    patient = plain.replace(retry=replace(plain.retry, max_retries=0, rate_limit_timeout=30.0))

    async def crowd() -> list[str]:
        client = AsyncLLMaaS.from_settings(patient)
        answers = await asyncio.gather(*(client.chat("Hi", model=MODEL) for _ in range(6)))
        return [answer.text for answer in answers]

    assert all(asyncio.run(crowd()))
    assert len(sandbox.requests) == 14


@pytest.mark.parametrize("after", [0, 4], ids=["before", "amid"])
def test_a_cancelled_call_closes_its_socket_at_once(sandbox: Any, after: int) -> None:
    async def read(client: AsyncLLMaaS) -> None:
        options = {"extra_headers": {"x-sandbox-fault": f"stall:30:{after}"}}
        async with await client.stream("Bonjour ?", model=MODEL, **options) as stream:
            await stream.until_done()

    async def go() -> None:
        task = asyncio.ensure_future(read(AsyncLLMaaS()))
        await soon(lambda: list(sandbox.requests))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await soon(lambda: sandbox.requests[0].disconnected)

    began = time.monotonic()
    asyncio.run(go())
    assert time.monotonic() - began < 10  # of thirty


def test_an_attempt_that_was_seen_is_told_although_the_last_one_was_not(api: Any) -> None:
    """Who would ask elsewhere must know that the call may have been billed here."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve_once() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                listener.close()

        thread = threading.Thread(target=serve_once)
        thread.start()
        client = api(base_url=f"http://127.0.0.1:{port}", api_key="k", max_retries=1)
        with pytest.raises(llmaas.APIConnectionError, match="No connection") as caught:
            client.do("chat", "?", model=MODEL)
        thread.join()
    assert caught.value.reached
