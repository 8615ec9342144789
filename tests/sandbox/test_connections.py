"""Half requests and endless headers do not hold a connection for ever."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from llmaas_sandbox import Sandbox
from llmaas_sandbox.http import protocol

HALVES = {
    "request line": b"POST /v1/chat/comple",
    "headers": b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n",
    "body": b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{",
}


@pytest.fixture(params=["httptools", "h11"])
def box(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    if request.param == "httptools":
        pytest.importorskip("httptools")
    else:
        monkeypatch.setattr(protocol, "_Base", protocol.H11Protocol)
    monkeypatch.setattr(protocol, "MAX_SILENCE", 0.2)
    with Sandbox() as running:
        yield running


def heard(box: Any, *parts: bytes) -> bytes:
    """Send parts and read until the server hangs up."""
    address = box.root_url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=30) as sock:
        try:
            for part in parts:
                sock.sendall(part)
            return b"".join(iter(lambda: sock.recv(65536), b""))
        except ConnectionError:  # it did not read what was sent after its refusal
            return b""


@pytest.mark.parametrize("half", HALVES)
def test_connection_is_closed_when_a_request_stays_half(box: Any, half: str) -> None:
    assert b" 200 " not in heard(box, HALVES[half])


def test_connection_is_closed_when_the_second_request_stays_half(box: Any) -> None:
    whole = b"GET /lifecycle HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
    assert heard(box, whole, HALVES["headers"]).startswith(b"HTTP/1.1 200")


def test_headers_without_end_are_refused_when_they_grow_large(box: Any) -> None:
    lines = (b"x-%d: %s\r\n" % (i, b"y" * 1000) for i in range(2_000))
    told = heard(box, b"GET /lifecycle HTTP/1.1\r\nhost: x\r\n", *lines)
    assert told == b"" or told.split()[1] in (b"431", b"400")


def test_slow_answer_is_not_cut_when_its_request_is_whole(box: Any) -> None:
    whole = b"GET /lifecycle HTTP/1.1\r\nhost: 127.0.0.1\r\nx-sandbox-fault: latency:1\r\n"
    assert heard(box, whole + b"connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_websocket_stays_open_when_nothing_is_said(box: Any) -> None:
    from websockets.sync.client import connect

    url = box.base_url.replace("http://", "ws://") + "/realtime"
    with connect(url, additional_headers={"authorization": f"Bearer {box.api_key}"}) as ws:
        ws.recv()
        time.sleep(0.6)  # three times what half a request may last
        ws.send(json.dumps({"type": "nonsense"}))
        assert json.loads(ws.recv())["type"] == "error"
