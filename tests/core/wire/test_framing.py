"""Bodies of HTTP/1.1 answers end where h11, the reader of the HTTP library, says that they end."""

from __future__ import annotations

from itertools import pairwise

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmaas.wire.http_framing import body_after, split_head

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"content-length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS = CHUNKED + b"5\r\nhello\r\n1;x=y\r\n \r\nA \r\n0123456789\r\n0\r\n\r\n"
TRAILERS = CHUNKED + b"3\r\nabc\r\n0\r\na: b\r\nc: d\r\n\r\n"
LINE_ENDS = CHUNKED + b"6\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"
UNTIL_END = OK + b"\r\nall that comes"
LAST = OK + b"connection: close\r\ncontent-length: 2\r\n\r\nok"
OLD = b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"
NOTHING = b"HTTP/1.1 204 \r\n\r\n"
GOOD = [LENGTH, CHUNKS, TRAILERS, LINE_ENDS, UNTIL_END, LAST, OLD, NOTHING]

BAD = [
    LENGTH[:-1],
    CHUNKS[:-1],
    CHUNKS[:-9],
    CHUNKED + b"5\r\nhello!\r\n0\r\n\r\n",
    CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"x\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    OK + b"transfer-encoding: gzip\r\n\r\nhello",
    OK + b"content-length: -5\r\n\r\nhello",
    OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
    b"<html>no head</html>",
]


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


def read(answer: bytes, cuts: list[int]) -> tuple[bytes, bool]:
    """Return a body, its head come whole, and whether another answer may follow."""
    head, rest = split_head(
        answer[: answer.find(b"\r\n\r\n") + 4] if b"\r\n\r\n" in answer else answer
    )
    assert not rest
    body = body_after(head, "POST")
    came = b""
    for piece in [*pieces(answer[answer.find(b"\r\n\r\n") + 4 :], cuts), b""]:
        if body.broken is not None:
            raise body.broken
        if not body.done:
            came += body.feed(piece)
    return came, body.is_reusable


def read_by_h11(answer: bytes) -> tuple[bytes, bool]:
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method="POST", target="/", headers=[("host", "x")]))
    reader.send(h11.EndOfMessage())
    reader.receive_data(answer)
    came, ended = b"", False
    while not isinstance(event := reader.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            assert not ended
            reader.receive_data(b"")
            ended = True
        elif isinstance(event, h11.Data):
            came += bytes(event.data)
    return came, {reader.our_state, reader.their_state} == {h11.DONE}


@pytest.mark.parametrize("answer", GOOD)
@given(cuts=st.lists(st.integers(0, 200), max_size=12))
@example(cuts=list(range(200)))
def test_body_is_read_as_h11_does_when_reads_are_cut_anywhere(
    answer: bytes, cuts: list[int]
) -> None:
    (came, may_go_on), (wanted, may) = read(answer, cuts), read_by_h11(answer)
    assert came == wanted
    assert may_go_on == (may and answer is not UNTIL_END)  # h11 leaves that to the pool


@pytest.mark.parametrize("answer", BAD)
@given(cuts=st.lists(st.integers(0, 200), max_size=12))
@example(cuts=list(range(200)))
def test_body_is_refused_as_h11_does_when_it_breaks_the_standard(
    answer: bytes, cuts: list[int]
) -> None:
    with pytest.raises(h11.RemoteProtocolError):
        read_by_h11(answer)
    with pytest.raises(ValueError, match=r"."):
        read(answer, cuts)


def test_chunks_of_one_read_are_joined() -> None:
    head, rest = split_head(CHUNKS)
    body = body_after(head, "POST")
    assert body.feed(rest) == b"hello 0123456789"
    assert body.done


@pytest.mark.parametrize("answer", [LENGTH, CHUNKS, TRAILERS])
def test_connection_is_not_reused_when_data_follows_the_body(answer: bytes) -> None:
    head, rest = split_head(answer + b"HTTP/1.1 200 OK\r\n\r\n")
    body = body_after(head, "POST")
    body.feed(rest)
    assert body.done
    assert not body.is_reusable


def test_chunk_header_is_refused_when_it_never_ends() -> None:
    head, _ = split_head(CHUNKED)
    body = body_after(head, "POST")
    body.feed(b"1" * 16_000)
    with pytest.raises(ValueError, match="illegal chunk header"):
        body.feed(b"1" * 16_000)


def test_head_request_has_no_body() -> None:
    head, _ = split_head(LENGTH)
    assert body_after(head, "HEAD").done
