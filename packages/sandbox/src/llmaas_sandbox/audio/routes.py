"""Paths of the audio services."""

from __future__ import annotations

from typing import Any

from llmaas_sandbox.audio import tones
from llmaas_sandbox.audio.durations import seconds
from llmaas_sandbox.audio.transcripts import transcript
from llmaas_sandbox.errors import bad_request
from llmaas_sandbox.gateway.exchange import Endpoint, Exchange, Reply, Used, given
from llmaas_sandbox.models.resolve import model_of

DEFAULT_WHISPER = "mlx-community/whisper-large-v3-mlx"
MAX_SPEECH_CHARACTERS = 5000
_FORMATS = {
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "mp3": "audio/wav",
    "opus": "audio/wav",
    "aac": "audio/wav",
    "flac": "audio/wav",
}
"""Compressed formats are honestly labelled WAV: the sandbox has no encoder."""


def transcriptions(exchange: Exchange) -> Reply:
    """Transcribe a recording; ``json`` and ``verbose_json`` are the same."""
    form = exchange.form
    name = form.get("model") or DEFAULT_WHISPER
    if name == "whisper-1":  # sent by a vendor demo, although the live list does not know it
        name = DEFAULT_WHISPER
    model_of(exchange, name, frozenset(("audio", "speech", "transcription")))
    given = form.get("file")
    if not isinstance(given, tuple):
        raise bad_request("Missing required parameter: 'file'", "file")
    if form.get("response_format", "json") not in ("json", "verbose_json"):
        raise bad_request("Invalid parameter 'response_format': only json", "response_format")
    length = _length(given[1])
    language = "en" if form.get("task") == "translate" else str(form.get("language") or "fr")
    text, segments = transcript(given[1], length, language)
    payload: dict[str, Any] = {"text": text, "language": language, "segments": segments}
    return Reply(payload, used=Used(seconds=length))


def _length(data: bytes) -> float:
    try:
        return seconds(data)
    except ValueError as problem:
        raise bad_request(f"Invalid file: {problem}", "file") from None


def speech(exchange: Exchange) -> Reply:
    """Say a text as a tone of the right length."""
    body = exchange.body
    model_of(exchange, body.get("model"), frozenset(("speech",)))
    text, form, speed = (
        body.get("input"),
        given(body, "response_format", "mp3"),
        given(body, "speed", 1.0),
    )
    if not isinstance(text, str) or not text or len(text) > MAX_SPEECH_CHARACTERS:
        raise bad_request(
            f"Invalid parameter 'input': 1 to {MAX_SPEECH_CHARACTERS} characters", "input"
        )
    if not isinstance(form, str) or form not in _FORMATS:
        raise bad_request("Invalid parameter 'response_format'", "response_format")
    if not isinstance(speed, int | float) or isinstance(speed, bool) or not 0.25 <= speed <= 4:
        raise bad_request("Invalid parameter 'speed': must be between 0.25 and 4", "speed")
    length = tones.duration(text, float(speed))
    samples = tones.pcm(text, str(body.get("voice") or "alloy"), length)
    return Reply(
        media=samples if form == "pcm" else tones.wav(samples),
        content_type=_FORMATS[form],
        headers={"x-tts-duration-ms": str(int(length * 1000))},
    )


ENDPOINTS = (
    Endpoint("POST", "/v1/audio/transcriptions", transcriptions, takes="form", metered=True),
    Endpoint("POST", "/v1/audio/speech", speech, metered=True),
)
