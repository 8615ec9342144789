"""Detection of audio formats by their first bytes."""

from __future__ import annotations

_STARTS = (
    (b"fLaC", ".flac"),
    (b"OggS", ".ogg"),
    (b"ADIF", ".aac"),
    (b"#!AMR", ".amr"),
    (b"caff", ".caf"),
    (b".snd", ".au"),
    (b"\x1aE\xdf\xa3", ".webm"),
    (b"0&\xb2u\x8ef\xcf\x11", ".wma"),
)
_WAVES = (b"RIFF", b"RF64", b"BW64")


def audio_suffix(data: bytes) -> str | None:
    """Detect the file name suffix of audio (``.mp3``); None if the format is unknown."""
    if data[:4] in _WAVES and data[8:12] == b"WAVE":
        return ".wav"
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return ".aiff"
    if data[4:8] == b"ftyp":
        return ".3gp" if data[8:10] == b"3g" else ".m4a"
    if suffix := next((suffix for start, suffix in _STARTS if data.startswith(start)), None):
        return suffix
    if data[:3] == b"ID3":
        return _detect_mpeg(data[id3_length(data) :]) or ".mp3"
    return _detect_mpeg(data.lstrip(b"\0")[:4])


def id3_length(data: bytes) -> int:
    """Compute the length of the tag before the audio: four bytes of seven bits each."""
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _detect_mpeg(frame: bytes) -> str | None:
    """Detect MP3 or AAC by a frame header: sync, version, layer, bit rate, sample rate."""
    if len(frame) < 3 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:
        return None
    layer = frame[1] >> 1 & 3
    if layer == 0:  # ADTS; the lowest bit says whether a checksum follows
        return ".aac" if frame[1] & 0xF0 == 0xF0 else None
    is_reserved = frame[1] >> 3 & 3 == 1 or frame[2] >> 4 == 15 or frame[2] >> 2 & 3 == 3
    return None if is_reserved else ".mp3"
