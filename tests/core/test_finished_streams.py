"""A stream that is finished ends soon, although the server keeps its connection open."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from typing import Any

import pytest

from llmaas import AsyncLLMaaS, LLMaaS
from llmaas.transport.httpx_transport import HTTPXReply
from llmaas.types import Done
from tests.helpers.servers.raw import Script, server

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def event(finish: str | None = None, content: str = "", index: int = 0, **more: Any) -> bytes:
    delta = {"content": content} if content else {}
    choices = [{"index": index, "delta": delta, "finish_reason": finish}]
    return piece(b"data: " + json.dumps({"id": "1", "choices": choices, **more}).encode() + b"\n\n")


def piece(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def open_after(*parts: bytes | float) -> Script:
    """Send the parts (pauses are numbers), then heartbeats without end."""

    def run(peer: socket.socket, over: threading.Event) -> None:
        peer.sendall(HEAD)
        for part in parts:
            if isinstance(part, bytes):
                peer.sendall(part)
            else:
                over.wait(part)
        while not over.wait(0.2):
            peer.sendall(piece(b": ping\n\n"))

    return run


LAST = piece(b'data: {"id":"1","choices":[],"usage":' + json.dumps(USAGE).encode() + b"}\n\n")
OPEN = {
    "finish alone": ((event(None, "hi"), event("stop")), None),
    "finish with the last text": ((event("stop", "hi"),), None),
    "usage a moment later": ((event("stop", "hi"), 0.2, LAST), USAGE),
    "usage late, from a service under load": ((event("stop", "hi"), 1.2, LAST), USAGE),
    "text after a first finish": ((event("stop", "h"), 0.3, event("stop", "i"), 0.3, LAST), USAGE),
}


@pytest.mark.parametrize("parts", OPEN)
def test_stream_ends_soon_when_finished_but_left_open(api: Any, parts: str) -> None:
    sent, usage = OPEN[parts]
    with server(open_after(*sent)) as url:
        client = api(base_url=url, api_key="k", timeout=20)
        began = time.monotonic()
        last = client.events("?", model="m:1")[-1]
        took = time.monotonic() - began
    assert isinstance(last, Done)
    assert last.completion.text == "hi"
    assert (last.completion.usage is not None) == (usage is not None)
    assert took < 6  # on a busy machine; 2 s of it are the wait for usage that never comes


def test_stream_waits_for_every_choice_when_one_is_finished(api: Any) -> None:
    parts = (event("stop", "a", 0), 1.2, event("stop", "b", 1), LAST)
    with server(open_after(*parts)) as url:
        last = api(base_url=url, api_key="k").events("?", model="m:1", n=2)[-1]
    assert [choice.content for choice in last.completion.choices] == ["a", "b"]


def test_stream_waits_longer_for_usage_when_the_answer_took_long(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llmaas.ops.chat._USAGE", 0.1)
    monkeypatch.setattr("llmaas.ops.chat._USAGE_SHARE", 20)
    with server(open_after(event(None, "h"), 0.5, event("stop", "i"), 1.5, LAST)) as url:
        last = api(base_url=url, api_key="k", timeout=60).events("?", model="m:1")[-1]
    assert last.completion.usage is not None


async def test_usage_is_read_when_the_event_loop_was_busy_meanwhile() -> None:
    with server(open_after(event("stop", "hi"), 0.3, LAST)) as url:
        async with AsyncLLMaaS(base_url=url, api_key="k", timeout=20) as client:
            stream = await client.stream("?", model="m:1")
            async with stream:
                reading = asyncio.ensure_future(stream.until_done())
                await asyncio.sleep(0.1)  # it waits for usage
                time.sleep(3)  # longer than usage is waited for  # noqa: ASYNC251
                answer = await reading
    assert answer.usage is not None


def test_usage_is_read_when_the_thread_did_not_run_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = HTTPXReply.limit_rest

    def limit_and_stand_still(reply: HTTPXReply, seconds: float) -> None:
        limit(reply, seconds)
        time.sleep(1)

    monkeypatch.setattr(HTTPXReply, "limit_rest", limit_and_stand_still)
    monkeypatch.setattr("llmaas.ops.chat._USAGE", 0.3)
    with server(open_after(event("stop", "hi"), 0.3, LAST)) as url:
        client = LLMaaS(base_url=url, api_key="k", timeout=20)
        with client, client.stream("?", model="m:1") as stream:
            answer = stream.until_done()
    assert answer.usage is not None
