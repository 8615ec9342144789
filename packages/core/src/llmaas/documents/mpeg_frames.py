"""Duration of MP3 and AAC files: the sum of their frames."""

from __future__ import annotations

from llmaas.documents.audio import id3_length

_KBITS = {
    (3, 3): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 3): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates by version (3 is MPEG-1) and layer (3 is layer I), as in the frame header."""
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_ADTS_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000,
               11_025, 8_000, 7_350)  # fmt: skip
_HEADER = 7
"""Bytes that a frame header needs: four for MP3."""


def mpeg_seconds(data: bytes) -> float:
    """Add the durations of all frames; bytes that are not frames count as if they were."""
    start = id3_length(data) if data[:3] == b"ID3" else len(data) - len(data.lstrip(b"\0"))
    at, seconds = start, 0.0
    while at + _HEADER <= len(data):
        size, duration = _frame(data, at)
        if size < _HEADER:
            break
        at += size
        seconds += duration
    return seconds * max(1.0, (len(data) - start) / (at - start)) if at > start else 0.0


def _frame(data: bytes, at: int) -> tuple[int, float]:
    """Return the bytes and the seconds of a frame; (0, 0) where there is none."""
    second = data[at + 1]
    if data[at] != 0xFF or second & 0xE0 != 0xE0:
        return 0, 0.0
    return _mp3_frame(data, at) if second >> 1 & 3 else _adts_frame(data, at)


def _mp3_frame(data: bytes, at: int) -> tuple[int, float]:
    version, layer = data[at + 1] >> 3 & 3, data[at + 1] >> 1 & 3
    kbit_index, rate_index = data[at + 2] >> 4, data[at + 2] >> 2 & 3
    if version == 1 or kbit_index in (0, 15) or rate_index == 3:
        return 0, 0.0
    table = _KBITS[3 if version == 3 else 2, layer if version == 3 or layer == 3 else 2]
    rate, padding = _RATES[version][rate_index], data[at + 2] >> 1 & 1
    samples = 384 if layer == 3 else 576 if layer == 1 and version != 3 else 1_152
    slot = 4 if layer == 3 else 1
    size = (samples // 8 // slot * table[kbit_index] * 1_000 // rate + padding) * slot
    return size, samples / rate


def _adts_frame(data: bytes, at: int) -> tuple[int, float]:
    index = data[at + 2] >> 2 & 15
    if index >= len(_ADTS_RATES):
        return 0, 0.0
    size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    blocks = (data[at + 6] & 3) + 1
    return size, blocks * 1_024 / _ADTS_RATES[index]
