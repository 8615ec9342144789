"""Streaming decompression of response bodies within limits."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from llmaas.settings import Limits

_PIECE_SIZE = 1 << 20
"""Maximum bytes per decompressed piece; a small read may expand a thousandfold."""
_RATIO_FROM = 1 << 22
"""Decompressed bytes from which ``limits.ratio`` applies; short bodies compress well."""


class TooLarge(Exception):  # noqa: N818 - becomes a failure of kind "size"
    """The body exceeds a limit of the client."""


class Decoder:
    """Incremental decoder of a body's content coding.

    Supports gzip (with several members) and deflate; other codings pass through. Raises
    ``TooLarge`` beyond a limit and ``zlib.error`` for invalid or truncated bodies.
    """

    __slots__ = ("_decoders", "_limits", "_read", "_written")

    def __init__(self, encoding: str, limits: Limits) -> None:
        names = [name.strip() for name in encoding.lower().split(",")] if encoding else []
        self._decoders = [_DECODERS[name]() for name in reversed(names) if name in _DECODERS]
        self._limits = limits
        self._read = self._written = 0

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Decode a read; return its pieces."""
        self._read += len(data)
        if self._decoders:
            return self._decode(data, 0)
        self._count(len(data))
        return (data,)

    def check_end(self) -> None:
        """Raise ``zlib.error`` if a compressed body is truncated."""
        for decoder in self._decoders:
            decoder.check_end()

    def _decode(self, data: bytes, depth: int) -> Iterator[bytes]:
        if depth == len(self._decoders):
            self._count(len(data))
            if data:
                yield data
            return
        for piece in self._decoders[depth].feed(data):
            yield from self._decode(piece, depth + 1)

    def _count(self, size: int) -> None:
        self._written += size
        limits = self._limits
        if self._written > limits.body:
            raise TooLarge(f"the body exceeds limits.body, {limits.body} bytes")
        if self._decoders and self._written > max(_RATIO_FROM, limits.ratio * self._read):
            raise TooLarge(
                f"the compression ratio of the body exceeds limits.ratio, {limits.ratio}"
            )


class _Gzip:
    """Decoder of gzip with any number of members."""

    def __init__(self) -> None:
        self._inflate: Any = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate is None or (self._inflate.eof and data[:1] == _GZIP_START):
                self._inflate = self._start(data)
            elif self._inflate.eof:
                return  # padding after the last member
            if piece := self._inflate.decompress(data, _PIECE_SIZE):
                yield piece
            data = self._inflate.unconsumed_tail or self._inflate.unused_data

    def check_end(self) -> None:
        if self._inflate is not None and not self._inflate.eof:
            raise zlib.error("the compressed body is truncated")

    def _start(self, data: bytes) -> Any:
        return zlib.decompressobj(16 + zlib.MAX_WBITS)


class _Deflate(_Gzip):
    """Decoder of deflate, with the standard header or without (some servers omit it)."""

    def _start(self, data: bytes) -> Any:
        has_header = data[0] & 0x8F == 8
        return zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)


_GZIP_START = b"\x1f"
_DECODERS = {"gzip": _Gzip, "x-gzip": _Gzip, "deflate": _Deflate}
