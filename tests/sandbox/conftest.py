"""A plain socket client: what the sandbox sends is judged byte by byte."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

CHAT = "/v1/chat/completions"
MODEL = "mistral-small4:119b"
THINKER = "gpt-oss:120b"


@dataclass
class Heard:
    """One answer, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes
    """Without the chunked encoding."""
    writes: list[bytes]
    """The network reads."""
    end: str
    """``complete``, ``fin`` (too early) or ``rst``."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of each server-sent event, parsed where it is JSON."""
        text = self.body.decode("utf-8").replace("\r\n", "\n")
        data = [
            line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data: ")
        ]
        return [_parsed(d) for d in data]

    @property
    def chunks(self) -> list[dict[str, Any]]:
        return [e for e in self.events if isinstance(e, dict)]

    def said(self, field: str = "content") -> str:
        """A field of all deltas, joined."""
        deltas = (c["delta"] for e in self.chunks for c in e.get("choices", ()))
        return "".join(d.get(field) or "" for d in deltas)

    @property
    def finish_reasons(self) -> list[str]:
        choices = (c for e in self.chunks for c in e.get("choices", ()))
        return [c["finish_reason"] for c in choices if c.get("finish_reason")]


def _parsed(data: str) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data


def _unchunk(data: bytes) -> tuple[bytes, bool]:
    body = b""
    while data:
        size, _, rest = data.partition(b"\r\n")
        try:
            length = int(size, 16)
        except ValueError:
            return body, False
        if length == 0:
            return body, True
        body, data = body + rest[:length], rest[length + 2 :]
    return body, False


def speak(sock: socket.socket, method: str, path: str, body: Any, headers: dict[str, str]) -> Heard:
    """Send one request over an open socket and read its answer."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = {
        "host": "127.0.0.1",
        "content-length": str(len(data)),
        "content-type": "application/json",
    }
    head = "".join(f"{k}: {v}\r\n" for k, v in {**lines, **headers}.items())
    sock.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
    return listen(sock)


def listen(sock: socket.socket) -> Heard:
    raw, writes, end = b"", [], "complete"
    while True:
        try:
            part = sock.recv(65536)
        except ConnectionResetError:
            end = "rst"
            break
        if not part:
            end = "fin"
            break
        raw += part
        writes.append(part)
        if _complete(raw):
            break
    return _heard(raw, writes, end)


def _split(raw: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, rest = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    return int(first.split()[1]) if first else 0, headers, rest


def _complete(raw: bytes) -> bool:
    if b"\r\n\r\n" not in raw:
        return False
    _, headers, rest = _split(raw)
    if "content-length" in headers:
        return len(rest) >= int(headers["content-length"])
    return _unchunk(rest)[1]


def _heard(raw: bytes, writes: list[bytes], end: str) -> Heard:
    status, headers, rest = _split(raw)
    chunked = headers.get("transfer-encoding") == "chunked"
    return Heard(status, headers, _unchunk(rest)[0] if chunked else rest, writes, end)


Ask = Callable[..., Heard]


@pytest.fixture
def connect(llmaas_sandbox: Any) -> Any:
    """``connect()`` opens a socket to the sandbox; all are closed after the test."""
    host, port = llmaas_sandbox.root_url.removeprefix("http://").split(":")
    opened: list[socket.socket] = []

    def open_one() -> socket.socket:
        sock = socket.create_connection((host, int(port)), timeout=20)
        opened.append(sock)
        return sock

    yield open_one
    for sock in opened:
        sock.close()


@pytest.fixture
def ask(llmaas_sandbox: Any, connect: Any) -> Ask:
    """``ask(path, body, faults=...)`` -> what a plain socket hears."""

    def ask_one(
        path: str,
        body: Any = None,
        *,
        faults: str = "",
        key: str | None = llmaas_sandbox.api_key,
        headers: dict[str, str] | None = None,
        method: str | None = None,
        sock: socket.socket | None = None,
    ) -> Heard:
        sent = {"authorization": f"Bearer {key}"} if key else {}
        sent |= {"x-sandbox-fault": faults} if faults else {}
        verb = method or ("GET" if body is None else "POST")
        return speak(sock or connect(), verb, path, body, {**sent, **(headers or {})})

    return ask_one


@pytest.fixture
def chat(ask: Ask) -> Ask:
    """``chat("question", faults=..., stream=True, **fields)``."""

    def chat_one(question: Any, *, faults: str = "", model: str = MODEL, **fields: Any) -> Heard:
        messages = (
            question if isinstance(question, list) else [{"role": "user", "content": question}]
        )
        sock = fields.pop("sock", None)
        body = {"model": model, "messages": messages, **fields}
        return ask(CHAT, body, faults=faults, sock=sock)

    return chat_one


@pytest.fixture
def sdk() -> Iterator[Callable[..., Any]]:
    """``sdk(box)``: OpenAI's client, closed after the test: its errors hold it in a cycle."""
    import openai

    with ExitStack() as stack:

        def connected(box: Any, **options: Any) -> Any:
            told = {"base_url": box.base_url, "api_key": box.api_key, **options}
            return stack.enter_context(openai.OpenAI(**told))

        yield connected


@pytest.fixture
def weather() -> dict[str, Any]:
    """A tool."""
    return {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get the weather of a city",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                },
                "required": ["city"],
            },
        },
    }
