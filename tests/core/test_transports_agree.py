"""Threads and asyncio read the same bytes alike, whatever a gateway makes of an answer."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import llmaas
from llmaas import Limits
from tests.helpers.servers.raw import server
from tests.helpers.sync_async import Async, Sync

MESSAGE = {"index": 0, "message": {"role": "assistant", "content": "hé"}, "finish_reason": "stop"}
BODY = json.dumps({"id": "1", "model": "m:1", "choices": [MESSAGE]}, ensure_ascii=False).encode()
SIZE = b"content-length: %d\r\n" % len(BODY)
CHUNKED = b"transfer-encoding: chunked\r\n"
GZIP, DEFLATE = b"content-encoding: gzip\r\n", b"content-encoding: deflate\r\n"


def event(delta: Any, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "1", "choices": [choice]}).encode()


EVENTS = [event({"content": "h"}), event({"content": "é"}), event({}, "stop"), b"data: [DONE]"]
STREAM = b"".join(each + b"\n\n" for each in EVENTS)


def answer(headers: bytes = SIZE, body: bytes = BODY, first: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return first + b"\r\ncontent-type: application/json\r\n" + headers + b"\r\n" + body


def sized(body: bytes, headers: bytes = b"") -> bytes:
    return answer(headers + b"content-length: %d\r\n" % len(body), body)


def chunks(body: bytes, size: int = 7, extension: bytes = b"", end: bytes = b"0\r\n\r\n") -> bytes:
    pieces = (body[n : n + size] for n in range(0, len(body), size))
    return b"".join(b"%x%s\r\n%s\r\n" % (len(p), extension, p) for p in pieces) + end


def bare(data: bytes) -> bytes:
    """Bare line feeds in the head."""
    head, _, body = data.partition(b"\r\n\r\n")
    return head.replace(b"\r\n", b"\n") + b"\n\n" + body


PACKED = gzip.compress(BODY[:20]) + gzip.compress(BODY[20:])
RAW_DEFLATE = zlib.compress(BODY)[2:-4]

WHOLE: dict[str, bytes] = {
    "plain": answer(),
    "a header of 64 KB": answer(SIZE + b"x-trace: " + b"a" * 65_536 + b"\r\n"),
    "300 headers": answer(SIZE + b"".join(b"x-h%d: %d\r\n" % (n, n) for n in range(300))),
    "a reason of 10 KB": answer(first=b"HTTP/1.1 200 " + b"a" * 10_000),
    "no reason": answer(first=b"HTTP/1.1 200"),
    "an empty reason": answer(first=b"HTTP/1.1 200 "),
    "a reason in latin-1": answer(first=b"HTTP/1.1 200 tr\xe8s bien"),
    "http 1.0": answer(first=b"HTTP/1.0 200 OK"),
    "http 1.0 without a length": answer(b"", first=b"HTTP/1.0 200 OK"),
    "a length beside chunks": answer(SIZE + CHUNKED, chunks(BODY)),
    "chunks beside a wrong length": answer(CHUNKED + b"content-length: 5\r\n", chunks(BODY)),
    "a length twice": answer(SIZE + SIZE),
    "a length twice in one line": answer(b"content-length: %d, %d\r\n" % (len(BODY), len(BODY))),
    "no length": answer(b""),
    "close and no length": answer(b"connection: close\r\n"),
    "close and a length": answer(b"connection: close\r\n" + SIZE),
    "keep-alive": answer(b"connection: keep-alive\r\nkeep-alive: timeout=5\r\n" + SIZE),
    "chunks": answer(CHUNKED, chunks(BODY)),
    "chunks named in capitals": answer(b"Transfer-Encoding: Chunked\r\n", chunks(BODY)),
    "chunks named twice": answer(CHUNKED + CHUNKED, chunks(BODY)),
    "chunks with identity": answer(b"transfer-encoding: identity, chunked\r\n", chunks(BODY)),
    "identity": answer(b"transfer-encoding: identity\r\n" + SIZE),
    "chunk extensions": answer(CHUNKED, chunks(BODY, extension=b";a=b")),
    "spaces after chunk sizes": answer(CHUNKED, chunks(BODY, extension=b"  ")),
    "trailers": answer(CHUNKED, chunks(BODY, end=b"0\r\nx-sum: 1\r\n\r\n")),
    "sizes with zeros": answer(CHUNKED, b"0000%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "bare line feeds": bare(answer()),
    "mixed line ends": answer(b"x-a: 1\n" + SIZE),
    "an empty line before": b"\r\n" + answer(),
    "a folded header": answer(b"x-a: 1\r\n  2\r\n" + SIZE),
    "a space before the colon": answer(b"x-a : 1\r\ncontent-length : %d\r\n" % len(BODY)),
    "a line without a colon": answer(b"nonsense\r\n" + SIZE),
    "control characters": answer(b"x-a: 1\x002\x073\r\n" + SIZE),
    "a header in utf-8": answer("x-a: é\r\n".encode() + SIZE),
    "an empty header": answer(b"x-a:\r\n" + SIZE),
    "a name that is none": answer(b"x(a): 1\r\n" + SIZE),
    "early hints": b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + answer(),
    "two interim answers": b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    + answer(),
    "an upgrade offered": answer(b"upgrade: h2,h2c\r\nconnection: Upgrade\r\n" + SIZE),
    "gzip": sized(gzip.compress(BODY), GZIP),
    "gzip of two members": sized(PACKED, GZIP),
    "gzip with zeros after it": sized(gzip.compress(BODY) + bytes(9), GZIP),
    "gzip in chunks": answer(GZIP + CHUNKED, chunks(gzip.compress(BODY), 3)),
    "gzip twice": sized(gzip.compress(gzip.compress(BODY)), b"content-encoding: gzip, gzip\r\n"),
    "half of a gzip": sized(gzip.compress(BODY)[:30], GZIP),
    "no gzip": sized(BODY, GZIP),
    "deflate": sized(zlib.compress(BODY), DEFLATE),
    "raw deflate": sized(RAW_DEFLATE, DEFLATE),
    "identity coding": sized(BODY, b"content-encoding: identity\r\n"),
    "a byte order mark": sized(b"\xef\xbb\xbf" + BODY),
    "spaces before": sized(b" \r\n " + BODY),
    "bytes after the body": answer() + b"garbage",
    "another answer after the body": answer() + answer(),
    "a body cut by its length": answer(b"content-length: 500\r\n"),
    "chunks cut": answer(CHUNKED, chunks(BODY)[:40]),
    "a broken chunk size": answer(CHUNKED, b"zz\r\n" + BODY),
    "two different lengths": answer(SIZE + b"content-length: 3\r\n"),
    "a length that is none": answer(b"content-length: many\r\n"),
    "a negative length": answer(b"content-length: -5\r\n"),
    "an empty body": sized(b""),
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a redirect": b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n",
    "401": answer(first=b"HTTP/1.1 401 Unauthorized"),
    "413": answer(first=b"HTTP/1.1 413 Too Large"),
    "a status of 299": answer(first=b"HTTP/1.1 299 Odd"),
    "http 2": answer(first=b"HTTP/2 200"),
    "no http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a head": answer()[:30],
    "a head of 300 KB": answer(SIZE + b"x-a: " + b"a" * 300_000 + b"\r\n"),
    "a body beyond the limit": sized(b" " * 6_000_000 + BODY),
    "a bomb": sized(gzip.compress(b" " * 20_000_000 + BODY), GZIP),
    "nothing": b"",
}

SSE = b"content-type: text/event-stream\r\n"
CLOSE = b"HTTP/1.1 200 OK\r\nconnection: close\r\n" + SSE + b"\r\n"
CHUNKS = b"HTTP/1.1 200 OK\r\n" + CHUNKED + SSE + b"\r\n"
LARGE = event({"content": "x" * 3_000_000}) + b"\n\n" + STREAM
STREAMED: dict[str, bytes] = {
    "until close": CLOSE + STREAM,
    "chunked": CHUNKS + chunks(STREAM, 100),
    "chunks of one byte": CHUNKS + chunks(STREAM, 1),
    "carriage returns": CLOSE + STREAM.replace(b"\n", b"\r\n"),
    "carriage returns alone": CLOSE + STREAM.replace(b"\n", b"\r"),
    "carriage returns in chunks": CHUNKS + chunks(STREAM.replace(b"\n", b"\r\n"), 3),
    "pings": CLOSE + STREAM.replace(b"\n\n", b"\n\n:\n\n: ping\n\nevent: ping\ndata: 1\n\n"),
    "no done": CLOSE + STREAM.replace(b"data: [DONE]\n\n", b""),
    "no last blank line": CLOSE + STREAM.rstrip(b"\n"),
    "a byte order mark": CLOSE + b"\xef\xbb\xbf" + STREAM,
    "a byte order mark in chunks": CHUNKS + chunks(b"\xef\xbb\xbf" + STREAM, 1),
    "gzip": CHUNKS.replace(SSE, SSE + GZIP) + chunks(gzip.compress(STREAM), 5),
    "gzip of two members": CLOSE.replace(SSE, SSE + GZIP)
    + gzip.compress(STREAM[:50])
    + gzip.compress(STREAM[50:]),
    "a large event": CLOSE + LARGE,
    "a large event in chunks": CHUNKS + chunks(LARGE, 5_000),
    "an event beyond the limit": CLOSE + event({"content": "x" * 4_500_000}) + b"\n\n" + STREAM,
    "a length beside chunks": CHUNKS.replace(SSE, SSE + b"content-length: 9\r\n") + chunks(STREAM),
    "early hints": b"HTTP/1.1 103 Early Hints\r\n\r\n" + CLOSE + STREAM,
    "cut in mid-stream": CLOSE + STREAM[: len(EVENTS[0]) + 9],
    "chunks cut": CHUNKS + chunks(STREAM, 100)[:150],
    "a broken chunk": CHUNKS + b"%x\r\n%s\r\nzz\r\n" % (len(EVENTS[0]) + 2, EVENTS[0] + b"\n\n"),
    "bytes after the end": CHUNKS + chunks(STREAM) + b"garbage",
    "text after done": CLOSE + STREAM + b"data: more\n\n",
}

REFUSED = {"a head of 300 KB", "a body beyond the limit", "a bomb"}
BAD = {
    "half of a gzip", "no gzip", "a body cut by its length", "chunks cut", "a broken chunk size",
    "two different lengths", "http 2", "a length that is none", "a negative length",
    "an empty body", "204", "a redirect", "401", "413", "no http", "half a head", "nothing",
    *REFUSED,
}  # fmt: skip
"""Answers that must be errors; all others are read."""


def sends(data: bytes) -> Any:
    def run(peer: socket.socket, over: threading.Event) -> None:
        peer.recv(65536)  # all of the request: closing with something unread would reset
        peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)

    return run


def result(ask: Callable[[], Any]) -> Any:
    """Return what an answer says, or the kind of its error."""
    try:
        got = ask()
    except llmaas.LLMaaSError as error:
        partial = getattr(error, "completion", None)
        return type(error).__name__, getattr(error, "status_code", None), partial and partial.text
    return got.text, got.finish_reason, got.model


OPTIONS = {"api_key": "k", "timeout": 5, "limits": Limits(body=6_000_000, event=4_000_000)}


def both(data: bytes, ask: Callable[[Any], Any]) -> Iterator[Any]:
    for kind in (Sync, Async):
        with server(sends(data)) as url:
            yield result(lambda: ask(kind(base_url=url, **OPTIONS)))  # noqa: B023 - called here


@pytest.mark.parametrize("what", WHOLE)
def test_transports_agree_when_an_answer_is_whole(what: str) -> None:
    threads, tasks = both(WHOLE[what], lambda client: client.do("chat", "?", model="m:1"))
    assert threads == tasks
    assert (threads == ("hé", "stop", "m:1")) == (what not in BAD), threads
    if what in REFUSED:
        assert threads[0] == "InvalidResponseError"


@pytest.mark.parametrize("what", STREAMED)
def test_transports_agree_when_an_answer_is_streamed(what: str) -> None:
    threads, tasks = both(STREAMED[what], lambda c: c.events("?", model="m:1")[-1].completion)
    assert threads == tasks
    if "cut" in what or "broken" in what or "limit" in what:
        assert threads[0] == "StreamInterrupted" or "limit" in what, threads
    else:
        assert threads[0].endswith("hé"), threads
