"""Exchanges recorded from real inference engines: their file format and a replaying server.

A file holds a line of provenance, the request line, the unusual request headers, and after empty
lines the request body and the response, the latter byte for byte with its headers and chunk
framing. Neither the client nor the sandbox wrote a byte of a response.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "cassettes" / "engines"
CHAT = "/v1/chat/completions"
PROVENANCE = re.compile(r"recorded: engine \S+ \S+, model \S+, \d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Recording:
    """One exchange."""

    name: str
    """The path below the folder of recordings, without the suffix."""
    provenance: str
    method: str
    path: str
    body: bytes
    response: bytes
    sent: Mapping[str, str] = field(default_factory=dict)
    """Request headers beyond a right key and JSON; the key is ``wrong`` or ``none``."""

    @cached_property
    def request(self) -> Any:
        """The JSON of the request, or None where it is not JSON."""
        with suppress(ValueError):
            return json.loads(self.body)
        return None

    @cached_property
    def status(self) -> int:
        """The status of the response; 0 where the engine sent none."""
        head = self.response.split(b" ", 2)
        return int(head[1]) if head[0].startswith(b"HTTP/") else 0

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The headers of the response, in lower case."""
        head = self.response.partition(b"\r\n\r\n")[0].decode("latin-1")
        fields = (line.partition(": ") for line in head.split("\r\n")[1:])
        return {name.lower(): value for name, _, value in fields}

    @cached_property
    def content(self) -> bytes:
        """The body of the response without its framing."""
        body = self.response.partition(b"\r\n\r\n")[2]
        return b"".join(_chunks(body)) if "transfer-encoding" in self.headers else body

    @cached_property
    def events(self) -> list[Any]:
        """The JSON payloads of a streamed response."""
        lines = (line for line in self.content.split(b"\n") if line.startswith(b"data: {"))
        return [json.loads(line[6:]) for line in lines]

    @property
    def is_chat(self) -> bool:
        """Whether the request is a chat with a body that a client could have sent."""
        return self.path == CHAT and isinstance(self.request, dict) and self.method == "POST"

    @property
    def is_comparable(self) -> bool:
        """Whether the request can be repeated elsewhere: whole, and of the engine's own models."""
        died = "engine-d" in self.name
        return self.is_whole and not died and b"..." not in self.body

    @property
    def is_stream(self) -> bool:
        """Whether the response is an event stream, or an error in its place."""
        return bool(self.request.get("stream"))

    @property
    def is_whole(self) -> bool:
        """Whether the response was read to its end."""
        if "transfer-encoding" in self.headers:
            return self.response.endswith(b"0\r\n\r\n")
        return len(self.content) == int(self.headers.get("content-length", -1))


def load(engine: str = "") -> list[Recording]:
    """Read all recordings, or those of one engine."""
    return [parse(path) for path in sorted((FOLDER / engine).rglob("*.http"))]


def parse(path: Path) -> Recording:
    """Read one file."""
    head, _, rest = path.read_bytes().partition(b"\n\n")
    body, _, response = rest.partition(b"\n\n")
    provenance, line, *headers = head.decode().split("\n")
    method, _, target = line.partition(" ")
    sent = dict(header.split(": ", 1) for header in headers)
    name = path.relative_to(FOLDER).with_suffix("").as_posix()
    return Recording(name, provenance, method, target, body, response, sent)


def written(recording: Recording) -> bytes:
    """Return the content of the file of a recording."""
    line = f"{recording.method} {recording.path}"
    headers = [f"{name}: {value}" for name, value in sorted(recording.sent.items())]
    head = "\n".join([recording.provenance, line, *headers]).encode()
    return b"\n\n".join([head, recording.body, recording.response])


@contextmanager
def replaying(recordings: list[Recording]) -> Iterator[str]:
    """Replay each recording at ``<url>/<name>/v1``, whatever the request says."""
    by_name = {recording.name: recording.response for recording in recordings}
    listener = socket.create_server(("127.0.0.1", 0))
    accepting = threading.Thread(target=_accept, args=(listener, by_name))
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()


def _accept(listener: socket.socket, responses: Mapping[str, bytes]) -> None:
    with suppress(OSError):  # the listener was closed
        while True:
            peer, _ = listener.accept()
            with peer, suppress(OSError):
                peer.settimeout(10)
                peer.sendall(responses[_name_in(_read_request(peer))])


def _read_request(peer: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += peer.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0:
        missing -= len(peer.recv(65536))
    return head


def _name_in(head: bytes) -> str:
    target = head.split(b" ", 2)[1].decode()
    return target[1:].partition("/v1/")[0]


def _chunks(body: bytes) -> Iterator[bytes]:
    while body:  # the last chunk may be cut, where the client hung up
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        yield rest[:length]
        body = rest[length + 2 :] if length else b""
