"""Synthetic speech: one beep per word, as long as the spoken text would be."""

from __future__ import annotations

import io
import wave
from array import array
from functools import lru_cache
from math import pi, sin

RATE = 16_000
WORDS_PER_SECOND = 2.5
_PITCH = {
    "alloy": 220.0,
    "echo": 196.0,
    "fable": 247.0,
    "onyx": 165.0,
    "nova": 294.0,
    "shimmer": 330.0,
}


def estimate_duration(text: str, speed: float) -> float:
    """Estimate the seconds that a spoken text takes."""
    return max(0.4, len(text.split()) / WORDS_PER_SECOND / speed)


@lru_cache(maxsize=64)
def _beep(pitch: float, samples: int) -> bytes:
    fade = max(1, samples // 8)
    requested = (
        int(9000 * min(1.0, i / fade, (samples - i) / fade) * sin(2 * pi * pitch * i / RATE))
        for i in range(samples)
    )
    return array("h", requested).tobytes()


def synthesize(text: str, voice: str, seconds: float) -> bytes:
    """Synthesize 16-bit mono samples at 16 kHz, one beep per word."""
    words = text.split() or ["…"]
    each = int(RATE * seconds / len(words))
    base = _PITCH.get(voice, 262.0)
    beeps = (_beep(base + 12 * (len(w) % 9), each) for w in words)
    sound = b"".join(beeps)
    return sound.ljust(int(RATE * seconds) * 2, b"\0")


def to_wav(samples: bytes) -> bytes:
    """Wrap samples in a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples)
    return out.getvalue()
