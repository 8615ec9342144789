"""PNG encoder that draws colored blocks chosen by the prompt."""

from __future__ import annotations

import struct
import zlib
from hashlib import blake2b

SIZES = ("256x256", "512x512", "1024x1024", "1536x1024", "1024x1536")
DEFAULT_SIZE = "1024x1024"
CELLS = 8


def png(prompt: str, width: int, height: int, variant: int = 0) -> bytes:
    """Draw a symmetric pattern of 8 x 8 blocks, the same for the same prompt."""
    seed = blake2b(f"{variant} {prompt}".encode("utf-8", "surrogatepass"), digest_size=64).digest()
    palette = [tuple(seed[i : i + 3]) for i in range(0, 12, 3)]
    rows = [_row(seed, y, palette, width) for y in range(CELLS)]
    lines = b"".join(b"\0" + rows[y * CELLS // height] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, data) for kind, data in parts)


def _row(seed: bytes, y: int, palette: list[tuple[int, ...]], width: int) -> bytes:
    half = [palette[seed[(12 + y * 4 + x) % 64] % len(palette)] for x in range(CELLS // 2)]
    cells = half + half[::-1]
    return b"".join(bytes(cells[x * CELLS // width]) for x in range(width))


def _part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
