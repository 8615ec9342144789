"""Audio for live transcription: files, and streams of samples at any rate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from pathlib import Path
from typing import Any, TypeAlias

from llmaas._errors_base import ConfigurationError
from llmaas.realtime.utterance import RATE

FRAME = 4_096
"""Bytes of one message, as the vendor's own client sends them (0.128 s)."""


class Pause:
    """Ends an utterance: a source yields it where a speaker stopped."""


Audio: TypeAlias = "bytes | type[Pause] | Pause"
Source: TypeAlias = "AsyncIterable[Audio] | Iterable[Audio] | bytes | Path"
"""PCM of 16 bits, mono, 16 kHz: whole, in pieces of any size, or a file of any format."""


async def pieces(source: Source) -> AsyncIterator[Audio]:
    """Yield a source's audio as it comes, in pieces of at most a frame.

    Raises ``ConfigurationError`` for a file that needs the extra ``realtime``.
    """
    async for piece in _given(source):
        if piece is Pause or isinstance(piece, Pause):
            yield piece
            continue
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise TypeError(f"audio must be bytes or Pause, not {type(piece).__name__}")
        data = bytes(piece)
        for at in range(0, len(data), FRAME):
            yield data[at : at + FRAME]


async def _given(source: Source) -> AsyncIterator[Any]:
    if isinstance(source, Path):
        source = await asyncio.to_thread(audio_file, source)
    if isinstance(source, bytes | bytearray | memoryview):
        yield source
    elif isinstance(source, AsyncIterable):
        async for piece in source:
            yield piece
    elif isinstance(source, Iterable) and not isinstance(source, str):
        for piece in source:
            yield piece
    else:
        raise TypeError(
            f"the source must be bytes, a Path or an iterable of bytes, not {type(source).__name__}"
        )


def frames(buffer: bytearray) -> list[bytes]:
    """Take all whole frames off a buffer."""
    count = len(buffer) // FRAME
    taken = [bytes(buffer[at : at + FRAME]) for at in range(0, count * FRAME, FRAME)]
    del buffer[: count * FRAME]
    return taken


def audio_file(path: Path) -> bytes:
    """Return a recording (WAV, MP3, FLAC, Ogg, ...) as PCM of 16 bits, mono, 16 kHz.

    Raises ``ConfigurationError`` without the extra ``realtime``, ``ValueError`` for a file that
    is not audio.
    """
    soundfile, _ = _libraries()
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{path.name} cannot be read as audio: {error}") from error
    return _pcm(samples.mean(axis=1), rate)


def resampled(pcm: bytes, rate: int, channels: int = 1) -> bytes:
    """Return PCM of 16 bits at any rate as mono at 16 kHz. ``rate`` is in samples per second."""
    if rate == RATE and channels == 1:
        return pcm
    import numpy as np

    whole = len(pcm) - len(pcm) % (2 * channels)
    samples = np.frombuffer(pcm[:whole], dtype="<i2").reshape(-1, channels) / 32_768
    return _pcm(samples.mean(axis=1), rate)


def _pcm(mono: Any, rate: int) -> bytes:
    if rate != RATE:
        _, soxr = _libraries()
        mono = soxr.resample(mono, rate, RATE)
    data: bytes = (mono.clip(-1, 1 - 2**-15) * 32_768).astype("<i2").tobytes()
    return data


def _libraries() -> tuple[Any, Any]:
    try:
        import soundfile
        import soxr
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "Audio files and other sample rates need pip install 'llmaas[realtime]'"
        ) from error
    return soundfile, soxr
