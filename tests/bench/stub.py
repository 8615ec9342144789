"""Minimal server: raw asyncio, canned bytes, on its own processor.

What it answers depends on the path and on words in the body; ``model`` "slow" waits 50 ms.
Run as a script it prints its port and serves until its standard input closes.
"""

from __future__ import annotations

import array
import asyncio
import base64
import json
import sys

WORDS = 300
CHUNKS = 2000
SHORT_CHUNKS = 20
VECTORS, DIMENSIONS = 256, 1024
DELAY = 0.05
TEXT = " ".join(f"word{number % 10}" for number in range(WORDS))
PIECE = "word "
CHUNK_BYTES = 328


def main() -> None:
    """Serve until standard input closes."""
    asyncio.run(serve())


async def serve() -> None:
    """Listen on a free port of loopback and say which."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


class Connection(asyncio.Protocol):
    """One client: requests come one after the other, with a content length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self.buffer += data
        while (request := self.take_request()) is not None:
            answer = choose_response(*request)
            if b'"slow"' in request[1]:
                asyncio.get_running_loop().call_later(DELAY, self.transport.write, answer)
            else:
                self.transport.write(answer)

    def take_request(self) -> tuple[bytes, bytes] | None:
        """Take one request off the buffer: its first line and its body."""
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        _, _, after = head.lower().partition(b"content-length:")
        length = int(after.split(b"\r\n", 1)[0] or 0)
        if len(rest) < length:
            return None
        self.buffer = rest[length:]
        return head.split(b"\r\n", 1)[0], rest[:length]


def choose_response(line: bytes, body: bytes) -> bytes:
    """Return the canned answer that the request asks for."""
    if b"/embeddings" in line:
        return BASE64_VECTORS if b'"base64"' in body else FLOAT_VECTORS
    if b'"stream":true' in body.replace(b" ", b""):
        return SHORT_STREAM if b'"short"' in body else STREAM
    return ANSWER


def response(content_type: str, body: bytes) -> bytes:
    """Return a whole response of known length."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def compact(value: object) -> bytes:
    """Return JSON as servers write it."""
    return json.dumps(value, separators=(",", ":")).encode()


def count_pieces(model: str) -> int:
    """Return how many pieces of text a stream of this model has."""
    return SHORT_CHUNKS if model == "short" else CHUNKS


def completion() -> bytes:
    """Return a reply of 300 tokens."""
    message = {"role": "assistant", "content": TEXT, "refusal": None, "tool_calls": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return compact({**frame("chat.completion"), "choices": [choice], "usage": USAGE})


def frame(kind: str) -> dict[str, object]:
    """Return what a reply and a chunk have in common."""
    return {"id": "chatcmpl-4a1f", "object": kind, "created": 1764000000, "model": "granite"}


def stream(chunks: int) -> bytes:
    """Return an event stream, each event a transfer chunk of its own, as gateways send it."""
    deltas = [{"role": "assistant", "content": ""}, *[{"content": PIECE}] * chunks]
    events = [event(delta, None) for delta in deltas]
    end = {**frame("chat.completion.chunk"), "choices": [], "usage": USAGE}
    events += [event({}, "stop"), b"data: " + compact(end) + b"\n\n", b"data: [DONE]\n\n"]
    parts = [b"%x\r\n%b\r\n" % (len(part), part) for part in events]
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    return head + b"".join(parts) + b"0\r\n\r\n"


def event(delta: dict[str, str], finish: str | None) -> bytes:
    """Return one chunk, padded to the usual size by the fields that engines add."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk = {**frame("chat.completion.chunk"), "choices": [choice], "system_fingerprint": ""}
    chunk["system_fingerprint"] = "f" * max(0, CHUNK_BYTES - len(compact(chunk)))
    return b"data: " + compact(chunk) + b"\n\n"


def vectors(encoded: bool) -> bytes:
    """Return 256 vectors of 1024 numbers, as text or as base64."""
    numbers = [((index * 7919) % 20011) / 20011 - 0.5 for index in range(DIMENSIONS)]
    packed = base64.b64encode(array.array("f", numbers).tobytes()).decode()
    value = packed if encoded else numbers
    data = [{"object": "embedding", "index": n, "embedding": value} for n in range(VECTORS)]
    return compact({"object": "list", "data": data, "model": "granite", "usage": USAGE})


USAGE = {"prompt_tokens": 20, "completion_tokens": WORDS, "total_tokens": 20 + WORDS}
ANSWER = response("application/json", completion())
STREAM, SHORT_STREAM = stream(CHUNKS), stream(SHORT_CHUNKS)
FLOAT_VECTORS = response("application/json", vectors(encoded=False))
BASE64_VECTORS = response("application/json", vectors(encoded=True))

if __name__ == "__main__":
    main()
