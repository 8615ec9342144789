"""Live transcription over the service's WebSocket: audio in, partial and final text out."""

from __future__ import annotations

from llmaas.realtime.client import REALTIME_MODEL, listen
from llmaas.realtime.sources import Pause, audio_file, resampled
from llmaas.realtime.utterance import FinalText, PartialText

__all__ = [
    "REALTIME_MODEL",
    "FinalText",
    "PartialText",
    "Pause",
    "audio_file",
    "listen",
    "resampled",
]
