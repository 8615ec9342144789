"""Requests leave in as few packets as they can, and whole."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from tests.helpers.servers.raw import server

MODEL = "llama3.3:70b"
BODY = b'{"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}]}'
REPLY = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(BODY) + BODY


class Listener:
    """Answers a request, and remembers its parts as they came."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def __call__(self, peer: socket.socket, _over: threading.Event) -> None:
        self.parts = [peer.recv(1 << 22)]
        while not _is_whole(b"".join(self.parts)):
            self.parts.append(peer.recv(1 << 22))
        peer.sendall(REPLY)


def _is_whole(request: bytes) -> bool:
    head, _, body = request.partition(b"\r\n\r\n")
    _, _, after = head.lower().partition(b"content-length:")
    return len(body) == int(after.split(b"\r\n")[0])


def test_a_small_request_is_one_packet(api: Any) -> None:
    listener = Listener()
    with server(listener) as url:
        client = api(base_url=url, api_key="k")
        for _ in range(20):  # two packets may come together by chance, but not each time
            assert client.do("chat", "How many?", model=MODEL).text == "a"
            assert len(listener.parts) == 1


@pytest.mark.parametrize("deadline", [None, 60])
@pytest.mark.parametrize("size", [15_000, 16_384, 17_000, 400_000])
def test_request_of_any_size_arrives_complete(api: Any, size: int, deadline: float | None) -> None:
    listener = Listener()
    with server(listener) as url:
        client = api(base_url=url, api_key="k")
        for length in range(size, size + 400, 100):
            assert client.do("chat", "x" * length, model=MODEL, deadline=deadline).text == "a"
            assert b"".join(listener.parts).count(b"x" * length) == 1
