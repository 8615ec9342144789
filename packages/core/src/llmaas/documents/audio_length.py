"""Longest duration of an audio file, read from its headers, without a decoder."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from contextlib import suppress

from llmaas.documents.audio import audio_suffix
from llmaas.documents.mpeg_frames import mpeg_seconds

_LEAST_BYTES_PER_SECOND = 500
"""Below the lowest bit rate of common codecs: 4.75 kbit/s of AMR, 6 kbit/s of Opus."""
_UNKNOWN_SIZE = 0xFFFF_FFFF
_OPUS_RATE = 48_000


def longest_seconds(data: bytes) -> float:
    """Measure the duration of a WAV, AIFF, FLAC, Ogg, MP3, AAC, MP4 or WebM file.

    Where the file does not tell it, the result is the most that its bytes can hold.
    """
    measure = _MEASURES.get(audio_suffix(data) or "")
    seconds = 0.0
    if measure is not None:
        with suppress(struct.error, ValueError, ArithmeticError, IndexError):
            seconds = measure(data)
    return seconds if 0 < seconds < math.inf else len(data) / _LEAST_BYTES_PER_SECOND


def _wav(data: bytes) -> float:
    (rate,) = struct.unpack_from("<I", data, data.index(b"fmt ", 12) + 16)
    start = data.index(b"data", 12) + 8
    (size,) = struct.unpack_from("<I", data, start - 4)
    rest = len(data) - start
    return int(size if 0 < size < _UNKNOWN_SIZE and size <= rest else rest) / int(rate)


def _aiff(data: bytes) -> float:
    """Read the COMM chunk: samples, and their rate as a float of 80 bits."""
    samples, _, exponent, mantissa = struct.unpack_from(">IHHQ", data, data.index(b"COMM") + 10)
    return int(samples) / float(mantissa * 2.0 ** (exponent - 16_383 - 63))


def _flac(data: bytes) -> float:
    """Read the STREAMINFO block: 20 bits of rate, and 36 bits of samples at the end."""
    (packed,) = struct.unpack_from(">Q", data, 18)
    return int(packed & (1 << 36) - 1) / int(packed >> 44)


def _ogg(data: bytes) -> float:
    """Add the last positions of all streams of the file."""
    rate, last = _ogg_rate(data), dict[int, int]()
    at = data.find(b"OggS")
    while at >= 0:
        position, serial = struct.unpack_from("<qI", data, at + 6)
        last[serial] = max(position, last.get(serial, 0))
        at = data.find(b"OggS", at + 27)
    return sum(last.values()) / rate


def _ogg_rate(data: bytes) -> float:
    vorbis = data.find(b"\x01vorbis", 0, 200)
    if vorbis >= 0:
        return float(struct.unpack_from("<I", data, vorbis + 12)[0])
    return float(_OPUS_RATE if b"OpusHead" in data[:200] else 0)


def _mp4(data: bytes) -> float:
    """Read the movie header, in the layout of its version; fragmented files have 0."""
    at = data.index(b"mvhd") + 4
    layout = ">4xQQIQ" if data[at : at + 1] == b"\x01" else ">4xIIII"
    _, _, scale, duration = struct.unpack_from(layout, data, at)
    return int(duration) / int(scale)


def _webm(data: bytes) -> float:
    """Read ``Duration``, in units of ``TimecodeScale`` nanoseconds; recordings have none."""
    scale_at, at = data.find(b"\x2a\xd7\xb1\x83"), data.find(b"\x44\x89", 0, 4_096) + 2
    scale = int.from_bytes(data[scale_at + 4 : scale_at + 7], "big") if scale_at >= 0 else 1_000_000
    layout = {0x84: ">f", 0x88: ">d"}.get(data[at]) if at >= 2 else None
    return float(struct.unpack_from(layout, data, at + 1)[0]) * scale / 1e9 if layout else 0.0


_MEASURES: dict[str, Callable[[bytes], float]] = {
    ".wav": _wav,
    ".aiff": _aiff,
    ".flac": _flac,
    ".ogg": _ogg,
    ".m4a": _mp4,
    ".3gp": _mp4,
    ".webm": _webm,
    ".mp3": mpeg_seconds,
    ".aac": mpeg_seconds,
}
