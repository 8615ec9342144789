"""Endpoints for transcription and speech."""

from __future__ import annotations

from llmaas_sandbox.audio import tones
from llmaas_sandbox.audio.durations import parse_duration
from llmaas_sandbox.audio.transcripts import build_transcript
from llmaas_sandbox.errors import bad_request
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.http.model_lookup import resolve_model
from llmaas_sandbox.json_body import get_or_default
from llmaas_sandbox.reply import Reply
from llmaas_sandbox.usage import Usage

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
    """Transcribe an audio file; ``json`` and ``verbose_json`` return the same body."""
    form = exchange.form
    name = form.get("model") or DEFAULT_WHISPER
    if name == "whisper-1":  # sent by a vendor demo, although the live list does not know it
        name = DEFAULT_WHISPER
    resolve_model(exchange, name, frozenset(("audio", "speech", "transcription")))
    file = form.get("file")
    if not isinstance(file, tuple):
        raise bad_request("Missing required parameter: 'file'", "file")
    if form.get("response_format", "json") not in ("json", "verbose_json"):
        raise bad_request("Invalid parameter 'response_format': only json", "response_format")
    length = _length(file[1])
    language = "en" if form.get("task") == "translate" else str(form.get("language") or "fr")
    text, segments = build_transcript(file[1], length, language)
    payload: dict[str, object] = {"text": text, "language": language, "segments": segments}
    return Reply(payload, usage=Usage(seconds=length))


def _length(data: bytes) -> float:
    try:
        return parse_duration(data)
    except ValueError as problem:
        raise bad_request(f"Invalid file: {problem}", "file") from None


def speech(exchange: Exchange) -> Reply:
    """Synthesize a text as a tone of realistic length."""
    body = exchange.body
    resolve_model(exchange, body.get("model"), frozenset(("speech",)))
    text, form, speed = (
        body.get("input"),
        get_or_default(body, "response_format", "mp3"),
        get_or_default(body, "speed", 1.0),
    )
    if not isinstance(text, str) or not text or len(text) > MAX_SPEECH_CHARACTERS:
        raise bad_request(
            f"Invalid parameter 'input': 1 to {MAX_SPEECH_CHARACTERS} characters", "input"
        )
    if not isinstance(form, str) or form not in _FORMATS:
        raise bad_request("Invalid parameter 'response_format'", "response_format")
    if not isinstance(speed, int | float) or isinstance(speed, bool) or not 0.25 <= speed <= 4:
        raise bad_request("Invalid parameter 'speed': must be between 0.25 and 4", "speed")
    length = tones.estimate_duration(text, float(speed))
    samples = tones.synthesize(text, str(body.get("voice") or "alloy"), length)
    return Reply(
        media=samples if form == "pcm" else tones.to_wav(samples),
        content_type=_FORMATS[form],
        headers={"x-tts-duration-ms": str(int(length * 1000))},
    )


ENDPOINTS = (
    Endpoint("POST", "/v1/audio/transcriptions", transcriptions, takes="form", metered=True),
    Endpoint("POST", "/v1/audio/speech", speech, metered=True),
)
