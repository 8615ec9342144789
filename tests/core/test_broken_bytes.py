"""Whatever bytes a server or something on the way sends, the error is one of ours."""

from __future__ import annotations

import gzip
from functools import partial
from typing import Any

import pytest

import llmaas
from tests.helpers.servers.raw import server

MODEL = "llama3.3:70b"
BODY = b'{"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}]}'
PACKED = gzip.compress(BODY)


def reply(body: bytes, *headers: str, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = ["HTTP/1.1 200 OK", f"content-length: {size}", "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


BROKEN = {
    "no http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "zeros": bytes(200),
    "a broken status": b"HTTP/1.1 abc OK\r\n\r\n",
    "a broken header": b"HTTP/1.1 200 OK\r\n: x\r\n\x00bad\r\n\r\n",
    "endless headers": b"HTTP/1.1 200 OK\r\nx: " + b"a" * 300_000 + b"\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nabcdefg",
    "broken gzip": reply(b"\x1f\x8b\x08garbage, not gzip", "content-encoding: gzip"),
    "no gzip": reply(BODY, "content-encoding: gzip"),
    "half of a gzip": reply(PACKED[: len(PACKED) // 2], "content-encoding: gzip"),
    "broken deflate": reply(b"\x78\x9cgarbage", "content-encoding: deflate"),
    "a short body": reply(BODY, length=500),
    "a broken chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    "nothing": b"",
}
WHOLE = {
    "gzip": reply(PACKED, "content-encoding: gzip"),
    "x-gzip": reply(PACKED, "content-encoding: GZIP"),
    "identity": reply(BODY, "content-encoding: identity"),
}


def sends(data: bytes) -> Any:
    return lambda peer, over: peer.sendall(data)


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("how", ["whole", "streamed"])
def test_broken_bytes_are_an_error_of_ours(api: Any, what: str, how: str) -> None:
    with server(sends(BROKEN[what])) as url:
        client = api(base_url=url, api_key="k", timeout=3)
        ask = partial(client.do, "chat") if how == "whole" else client.events
        with pytest.raises(llmaas.APIError) as caught:
            ask("?", model=MODEL)
    assert isinstance(caught.value, llmaas.APIConnectionError | llmaas.InvalidResponseError)


@pytest.mark.parametrize("what", WHOLE)
def test_what_is_packed_is_unpacked(api: Any, what: str) -> None:
    with server(sends(WHOLE[what])) as url:
        client = api(base_url=url, api_key="k")
        assert client.do("chat", "?", model=MODEL).text == "a"
        assert client.events("?", model=MODEL)[-1].completion.text == "a"


@pytest.mark.parametrize("window", [15, -15])
def test_deflate_is_decoded_with_and_without_header(api: Any, window: int) -> None:
    import zlib

    packer = zlib.compressobj(wbits=window)
    body = packer.compress(BODY) + packer.flush()
    with server(sends(reply(body, "content-encoding: deflate"))) as url:
        assert api(base_url=url, api_key="k").do("chat", "?", model=MODEL).text == "a"


def test_body_is_refused_when_it_exceeds_a_limit(api: Any) -> None:
    large = reply(BODY.replace(b'"a"', b'"' + b"a" * 10_000 + b'"'))
    bomb = reply(gzip.compress(b" " * 30_000_000 + BODY), "content-encoding: gzip")
    for data, limits in ((large, llmaas.Limits(body=5_000)), (bomb, llmaas.Limits())):
        with server(sends(data)) as url:
            client = api(base_url=url, api_key="k", limits=limits, max_retries=2)
            with pytest.raises(llmaas.InvalidResponseError, match=r"limits\.(body|ratio)"):
                client.do("chat", "?", model=MODEL)


@pytest.mark.parametrize("value", [0, -1, 1.5, "1"])
def test_limit_is_refused_when_it_is_not_a_positive_integer(value: Any) -> None:
    with pytest.raises(llmaas.ConfigurationError, match=r"limits\.body must be an integer >= 1"):
        llmaas.Limits(body=value)
