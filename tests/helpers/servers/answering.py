"""HTTP server whose answers a function chooses by the request; connections are kept alive."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """Answer as sent: ``status`` 0 closes the connection instead."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    closes: bool = False


@dataclass(frozen=True)
class Asked:
    """Request as received."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Choose = Callable[[Asked], Answer]


def answer_json(value: object, status: int = 200, **headers: str) -> Answer:
    """Build an answer with a JSON body; ``_`` in header names stands for a dash."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, {"content-type": "application/json", **named}, json.dumps(value).encode())


@contextmanager
def answering(choose: Choose) -> Iterator[str]:
    """Serve what ``choose`` returns for each request, one after the other on a connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    peers: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                peer, _ = listener.accept()
                peers.append(peer)
                threading.Thread(target=_serve, args=(peer, choose), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for peer in peers:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _serve(peer: socket.socket, choose: Choose) -> None:
    with peer, suppress(OSError), peer.makefile("rb") as reader:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while line := reader.readline():
            answer = choose(_read(line, reader))
            if not answer.status:
                return
            peer.sendall(_to_bytes(answer))
            if answer.closes:
                return


def _read(line: bytes, reader: object) -> Asked:
    method, path, _ = line.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while head := reader.readline().decode("latin-1").strip():  # type: ignore[attr-defined]
        name, _, value = head.partition(":")
        headers[name.lower()] = value.strip()
    size = int(headers.get("content-length", 0))
    body: bytes = reader.read(size) if size else b""  # type: ignore[attr-defined]
    return Asked(method, path, headers, body)


def _to_bytes(answer: Answer) -> bytes:
    size = {} if re.search("content-length", " ".join(answer.headers), re.I) else {
        "content-length": str(len(answer.body))
    }  # fmt: skip
    closing = {"connection": "close"} if answer.closes else {}
    lines = [f"{name}: {value}" for name, value in {**answer.headers, **size, **closing}.items()]
    head = "\r\n".join([f"HTTP/1.1 {answer.status} x", *lines])
    return head.encode("latin-1") + b"\r\n\r\n" + answer.body
