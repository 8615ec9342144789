"""Audio sources of live transcription: files, and PCM samples at any rate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from pathlib import Path
from typing import Any, TypeAlias

from llmaas._errors_base import ConfigurationError, InvalidInputError
from llmaas.realtime.utterance import RATE

FRAME = 4_096
"""Bytes per message (0.128 s), as sent by the vendor's client."""


class Pause:
    """Marker in a source that ends an utterance, where the speaker paused."""


Audio: TypeAlias = "bytes | type[Pause] | Pause"
Source: TypeAlias = "AsyncIterable[Audio] | Iterable[Audio] | bytes | Path"
"""16-bit mono PCM at 16 kHz as bytes or pieces of any size, or an audio file."""


async def pieces(source: Source) -> AsyncIterator[Audio]:
    """Yield a source's audio as it arrives, in pieces of at most one frame.

    Raises ``ConfigurationError`` for a file that needs the extra ``realtime``.
    """
    async for piece in _iterate(source):
        if piece is Pause or isinstance(piece, Pause):
            yield piece
            continue
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise TypeError(f"audio must be bytes or Pause, got {type(piece).__name__}")
        data = bytes(piece)
        for at in range(0, len(data), FRAME):
            yield data[at : at + FRAME]


async def _iterate(source: Source) -> AsyncIterator[object]:
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
            f"source must be bytes, a Path or an iterable of bytes, got {type(source).__name__}"
        )


def frames(buffer: bytearray) -> list[bytes]:
    """Remove all complete frames from a buffer and return them."""
    count = len(buffer) // FRAME
    frames = [bytes(buffer[at : at + FRAME]) for at in range(0, count * FRAME, FRAME)]
    del buffer[: count * FRAME]
    return frames


def audio_file(path: Path) -> bytes:
    """Read an audio file (WAV, MP3, FLAC, Ogg, ...) as 16-bit mono PCM at 16 kHz.

    Raises ``ConfigurationError`` without the extra ``realtime``, ``ValueError`` if the file is not
    audio, and ``OSError`` if it cannot be opened.
    """
    soundfile, _ = _import_libraries()
    try:
        with path.open("rb") as file:
            samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{path.name} cannot be read as audio: {error.error_string}") from error
    return _to_pcm(samples.mean(axis=1), rate)


def resampled(pcm: bytes, rate: int, channels: int = 1) -> bytes:
    """Convert 16-bit PCM to mono at 16 kHz. ``rate`` is in samples per second.

    Raises ``InvalidInputError`` if ``rate`` or ``channels`` is not positive.
    """
    if rate <= 0 or channels < 1:
        raise InvalidInputError(
            f"rate must be > 0 and channels >= 1, got rate={rate} and channels={channels}."
        )
    if rate == RATE and channels == 1:
        return pcm
    import numpy as np

    whole = len(pcm) - len(pcm) % (2 * channels)
    samples = np.frombuffer(pcm[:whole], dtype="<i2").reshape(-1, channels) / 32_768
    return _to_pcm(samples.mean(axis=1), rate)


def _to_pcm(mono: Any, rate: int) -> bytes:
    if rate != RATE:
        _, soxr = _import_libraries()
        mono = soxr.resample(mono, rate, RATE)
    data: bytes = (mono.clip(-1, 1 - 2**-15) * 32_768).astype("<i2").tobytes()
    return data


def _import_libraries() -> tuple[Any, Any]:
    try:
        import soundfile
        import soxr
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "Audio files and other sample rates need pip install 'llmaas[realtime]'"
        ) from error
    return soundfile, soxr
