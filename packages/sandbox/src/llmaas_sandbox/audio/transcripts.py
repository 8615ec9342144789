"""Transcripts derived from the bytes of the audio file: equal files have equal transcripts."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

SECONDS_PER_SEGMENT = 5.0
_LINES = {
    "fr": (
        "Bonjour et bienvenue à cette réunion.",
        "Le premier point porte sur la facturation du mois.",
        "Les clés d'accès doivent être renouvelées avant vendredi.",
        "Nous passons ensuite au choix du modèle.",
        "Merci à tous, la séance est levée.",
    ),
    "en": (
        "Hello and welcome to this meeting.",
        "The first item is this month's invoice.",
        "The access keys must be renewed before Friday.",
        "We then move on to the choice of a model.",
        "Thank you all, the meeting is over.",
    ),
}


def build_transcript(
    data: bytes, seconds: float, language: str
) -> tuple[str, list[dict[str, Any]]]:
    """Build the text and its segments, one for each five seconds begun."""
    lines = _LINES.get(language, _LINES["en"])
    start = blake2b(data, digest_size=2).digest()[0]
    count = max(1, int(-(-seconds // SECONDS_PER_SEGMENT)))
    segments = [_segment(i, lines[(start + i) % len(lines)], seconds) for i in range(count)]
    return " ".join(s["text"] for s in segments), segments


def _segment(i: int, text: str, seconds: float) -> dict[str, Any]:
    start = i * SECONDS_PER_SEGMENT
    return {
        "id": i,
        "seek": int(start * 100),
        "start": start,
        "end": round(min(seconds, start + SECONDS_PER_SEGMENT), 3),
        "text": text,
        "tokens": [len(w) for w in text.split()],
        "temperature": 0.0,
        "avg_logprob": -0.2,
        "compression_ratio": 1.2,
        "no_speech_prob": 0.01,
    }
