"""Clients in threads that outlive the main one, in trio, and under gevent."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from functools import partial

import pytest

from llmaas.ops.parallel import run_together
from tests.helpers.servers.raw import server

STREAM = (
    b'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)


def answer(peer: socket.socket, over: threading.Event) -> None:
    """Answer one small request: a stream, or vectors."""
    asked = json.loads(peer.recv(65536).partition(b"\r\n\r\n")[2])
    body, kind = STREAM, b"text/event-stream"
    if "input" in asked:
        data = [{"index": n, "embedding": [0.1]} for n in range(len(asked["input"]))]
        body, kind = json.dumps({"data": data, "model": "e"}).encode(), b"application/json"
    head = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
    peer.sendall(head % (kind, len(body)) + body)


def run(code: str, url: str = "http://127.0.0.1:9/v1") -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, url], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.strip() or done.stderr[-500:]


LATE = """
import sys, threading, time, llmaas
client = llmaas.LLMaaS(base_url=sys.argv[1], api_key="k", max_retries=0)
client.embed("warm", model="e:1")
def late():
    time.sleep(0.3)
    print(len(client.embed(list("abcdef"), model="e:1", batch_size=2).vectors), flush=True)
threading.Thread(target=late).start()
"""


def test_embeddings_work_in_a_thread_when_the_main_one_has_ended() -> None:
    with server(answer) as url:
        assert run(LATE, url) == "6"


def test_work_is_done_by_the_caller_when_no_thread_can_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert run_together([partial(pow, n, 2) for n in range(5)], 4) == [0, 1, 4, 9, 16]


DAEMON_LOOP = """
import asyncio, sys, threading, llmaas
loop = asyncio.new_event_loop()
if {runs}:
    threading.Thread(target=loop.run_forever, daemon=True).start()
    run = lambda work: asyncio.run_coroutine_threadsafe(work, loop).result()
else:
    run = loop.run_until_complete
client = llmaas.AsyncLLMaaS(base_url=sys.argv[1], api_key="k", max_retries=0)
print(len(run(client.embed(["a"], model="e:1")).vectors))
"""


def keep_answering(peer: socket.socket, over: threading.Event) -> None:
    """Answer, and keep the connection until the test is over."""
    peer.recv(65536)
    body = b'{"data": [{"index": 0, "embedding": [0.1]}], "model": "e"}'
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    peer.sendall(head % len(body) + body)
    over.wait(30)


@pytest.mark.parametrize("runs", [True, False])
def test_nothing_is_printed_when_a_loop_outlives_the_main_thread(runs: bool) -> None:
    with server(keep_answering) as url:
        code = [sys.executable, "-c", DAEMON_LOOP.format(runs=runs), url]
        done = subprocess.run(code, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("1", "")


NO_LOOP = """
import llmaas
call = llmaas.AsyncLLMaaS(base_url="http://127.0.0.1:9/v1", api_key="k").chat("?", model="m:1")
try:
    call.send(None)
except llmaas.ConfigurationError as error:
    print(error)
"""
TRIO = """
import llmaas, trio
async def main():
    try:
        await llmaas.AsyncLLMaaS(base_url="http://127.0.0.1:9/v1", api_key="k").models()
    except llmaas.ConfigurationError as error:
        print(error)
trio.run(main)
"""


def test_async_client_says_that_it_needs_asyncio_when_no_loop_runs() -> None:
    assert "asyncio event loop, but none is running" in run(NO_LOOP)


def test_async_client_says_that_it_needs_asyncio_when_trio_runs() -> None:
    pytest.importorskip("trio", reason="trio is not installed")
    assert "but trio is running" in run(TRIO)


GEVENT = """
import sys, llmaas
client = llmaas.LLMaaS(base_url=sys.argv[1], api_key="k")
for event in client.stream("?", model="m:1"): break
import warnings; warnings.simplefilter("ignore")
from gevent import monkey; monkey.patch_all()  # as gunicorn's worker does after --preload
import gevent
def stream():
    with client.stream("?", model="m:1") as events:
        return sum(1 for _ in events)
jobs = [gevent.spawn(stream) for _ in range(3)]
gevent.joinall(jobs, timeout=10)
print([job.value for job in jobs], flush=True)
import os; os._exit(0)
"""


def test_streams_work_when_gevent_patches_after_the_import() -> None:
    pytest.importorskip("gevent", reason="gevent is not installed")
    with server(answer) as url:
        assert run(GEVENT, url) == "[2, 2, 2]"
