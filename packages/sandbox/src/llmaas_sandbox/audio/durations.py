"""Duration of an audio file: exact for WAV and FLAC, otherwise estimated from its size."""

from __future__ import annotations

import io
import wave

_BYTES_PER_SECOND = 16_000
"""Of compressed formats, at 128 kbit/s."""
_COMPRESSED = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"OggS", b"\x1aE\xdf\xa3")


def parse_duration(data: bytes) -> float:
    """Parse the duration in seconds. Raises ``ValueError`` for unknown audio formats."""
    if data[:4] == b"RIFF":
        return _wav(data)
    if data[:4] == b"fLaC":
        return _flac(data)
    if data.startswith(_COMPRESSED) or data[4:8] == b"ftyp":
        return len(data) / _BYTES_PER_SECOND
    raise ValueError("not an audio file")


def _wav(data: bytes) -> float:
    try:
        with wave.open(io.BytesIO(data)) as sound:
            return float(sound.getnframes() / sound.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from None


def _flac(data: bytes) -> float:
    """Read the STREAMINFO block: 20 bits of rate, 36 bits of total samples."""
    if len(data) < 26:
        raise ValueError("truncated FLAC")
    packed = int.from_bytes(data[18:26], "big")
    rate, samples = packed >> 44, packed & ((1 << 36) - 1)
    if not rate:
        raise ValueError("FLAC without a sample rate")
    return samples / rate
