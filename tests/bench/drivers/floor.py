"""What is left when nothing but the HTTP library works: the limits that nobody beats."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from client import Client, Message
from exchange import Exchange
from stub import TEXT


class Socket(Client):
    """A socket, bytes out, bytes in, one JSON parse per event."""

    name = "raw socket"
    peer = "openai"
    imports = "import socket, json"

    def __init__(self, base_url: str) -> None:
        address = urlsplit(base_url)
        self.sock = socket.create_connection((address.hostname, address.port))

    def request(self, path: str, body: object) -> None:
        data = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: stub\r\ncontent-length: {len(data)}\r\n\r\n"
        self.sock.sendall(head.encode() + data)

    def body(self) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.sock.recv(1 << 18)
        head, _, rest = data.partition(b"\r\n\r\n")
        parts, missing = [rest], int(head.rpartition(b"content-length: ")[2]) - len(rest)
        while missing > 0:
            parts.append(self.sock.recv(1 << 18))
            missing -= len(parts[-1])
        return b"".join(parts)

    def call(self, messages: Sequence[Message], model: str) -> str:
        self.request("/v1/chat/completions", {"model": model, "messages": messages})
        return json.loads(self.body())["choices"][0]["message"]["content"]

    def stream(self, messages: Sequence[Message], model: str) -> str:
        body = {"model": model, "messages": messages, "stream": True}
        self.request("/v1/chat/completions", body)
        pieces, rest = [], b""
        while not rest.endswith(b"0\r\n\r\n"):
            rest += self.sock.recv(1 << 18)
            *events, rest = rest.split(b"data: ")
            pieces += [piece for event in events if (piece := self.text(event))]
        return "".join(pieces)

    @staticmethod
    def text(event: bytes) -> str:
        if not event.startswith(b"{"):
            return ""
        choices = json.loads(event.partition(b"\n")[0])["choices"]
        return choices[0]["delta"].get("content", "") if choices else ""

    def embed(self, texts: Sequence[str], encoding: str) -> int:
        body = {"model": "granite", "input": texts, "encoding_format": encoding}
        self.request("/v1/embeddings", body)
        return len(json.loads(self.body())["data"])


class Aiohttp(Client):
    """aiohttp, the body read, JSON parsed."""

    name = "aiohttp"
    peer = "openai"
    distributions = ("aiohttp",)
    imports = "import aiohttp"

    def __init__(self, base_url: str) -> None:
        self.url = f"{base_url}/chat/completions"
        self.session = None

    async def opened(self):
        import aiohttp

        if self.session is None:
            connector = aiohttp.TCPConnector(limit=1000)
            self.session = aiohttp.ClientSession(connector=connector, read_bufsize=1 << 18)
        return self.session

    async def acall(self, messages: Sequence[Message], model: str) -> str:
        body = json.dumps({"model": model, "messages": messages}).encode()
        session = await self.opened()
        async with session.post(self.url, data=body) as answer:
            return json.loads(await answer.read())["choices"][0]["message"]["content"]

    async def astream(self, messages: Sequence[Message], model: str) -> str:
        body = json.dumps({"model": model, "messages": messages, "stream": True}).encode()
        session = await self.opened()
        pieces, rest = [], b""
        async with session.post(self.url, data=body) as answer:
            async for data in answer.content.iter_any():
                *events, rest = (rest + data).split(b"data: ")
                pieces += [piece for event in events if (piece := Socket.text(event))]
        return "".join(pieces)


class BareExchange(Client):
    """What the rows "alone" do in place of the model's answer. Their own cost is without it."""

    name = "bare exchange"

    def __init__(self, base_url: str) -> None:
        self.exchange = Exchange(base_url)

    def call(self, messages: Sequence[Message], model: str) -> str:
        self.exchange.run()
        return TEXT

    async def acall(self, messages: Sequence[Message], model: str) -> str:
        await self.exchange.arun(model)
        return TEXT
