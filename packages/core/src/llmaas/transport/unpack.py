"""Bodies that were compressed on the way."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_GZIP, _RAW = 16 + zlib.MAX_WBITS, -zlib.MAX_WBITS


def unpacked(body: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield a body without its ``content-encoding``; raise ``zlib.error`` if it is broken.

    Only gzip and deflate are ever asked for; anything else passes as it is.
    """
    for name in reversed(encoding.lower().split(",")):
        if name.strip() in ("gzip", "x-gzip"):
            body = _inflated(body, _GZIP)
        elif name.strip() == "deflate":
            body = _deflated(body)
    return iter(body)


def _inflated(body: Iterable[bytes], window: int) -> Iterator[bytes]:
    inflate = zlib.decompressobj(window)
    for portion in body:
        if data := inflate.decompress(portion):
            yield data
    if data := inflate.flush():
        yield data


def _deflated(body: Iterable[bytes]) -> Iterator[bytes]:
    """With its header as the standard says, or without as some servers send it."""
    portions = iter(body)
    first = b""
    while len(first) < 2 and (portion := next(portions, b"")):
        first += portion
    has_header = len(first) > 1 and first[0] & 0x0F == 8 and not (first[0] << 8 | first[1]) % 31
    yield from _inflated(_chained(first, portions), zlib.MAX_WBITS if has_header else _RAW)


def _chained(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    if first:
        yield first
        yield from rest
