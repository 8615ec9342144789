"""Speech to text, and text to speech."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas._calls import CallInfo
from llmaas._errors_base import InvalidInputError
from llmaas.ops.effects import Operation, Run
from llmaas.ops.hooked_calls import part_hooks, with_part_hooks
from llmaas.ops.json_request import check_model_name, check_texts, merge_extra_body, request_json
from llmaas.ops.retrying import Deadline
from llmaas.settings import Settings, Timeout
from llmaas.types import Speech, Transcription
from llmaas.wire.json_codec import loads
from llmaas.wire.multipart import AudioSource, multipart, read_file

_NAMED = frozenset({"text", "language", "segments"})


def transcribe(
    settings: Settings,
    file: AudioSource,
    *,
    model: str | None = None,
    language: str | None = None,
    initial_prompt: str | None = None,
    task: str | None = None,
    timeout: float | Timeout | None = None,
    deadline: float | Deadline | None = None,
    extra_headers: Mapping[str, str] | None = None,
    **params: object,
) -> Operation[Transcription]:
    """Transcribe an audio file."""
    wire = {
        "model": model if model is None else check_model_name(settings, model),
        "language": language,
        "initial_prompt": initial_prompt,
        "task": task,
        **params,
    }
    fields = {name: value for name, value in merge_extra_body(wire).items() if value is not None}
    limit = settings.max_file_bytes
    # Reading and encoding block: under asyncio, they run in a thread.
    is_counted = bool(part_hooks(settings))
    (body, content_type), seconds = yield Run(lambda: _encode(fields, file, limit, is_counted))
    shared_deadline = Deadline.coerce(settings, deadline)
    request = request_json(
        settings,
        "/v1/audio/transcriptions",
        None,
        _read_transcription,
        raw=body,
        content_type=content_type,
        timeout=timeout,
        deadline=shared_deadline,
        extra_headers=extra_headers,
    )
    if not is_counted:
        return (yield from request)
    call = CallInfo(
        "transcription", model or "", settings, (), fields,
        deadline=shared_deadline.at, is_part=True, audio_seconds=seconds,
    )  # fmt: skip
    return (yield from with_part_hooks(call, request))


def speak(
    settings: Settings,
    text: str,
    *,
    model: str,
    voice: str = "alloy",
    response_format: str = "mp3",
    speed: float | None = None,
    lang_code: str | None = None,
    timeout: float | Timeout | None = None,
    deadline: float | Deadline | None = None,
    extra_headers: Mapping[str, str] | None = None,
    **params: object,
) -> Operation[Speech]:
    """Synthesize speech."""
    wire = {"speed": speed, "lang_code": lang_code, **params}
    body = {
        "model": check_model_name(settings, model),
        "input": check_texts(text, "text")[0],
        "voice": voice,
        "response_format": response_format,
        **{name: value for name, value in wire.items() if value is not None},
    }
    return (
        yield from request_json(
            settings,
            "/v1/audio/speech",
            body,
            _read_speech,
            timeout=timeout,
            deadline=deadline,
            extra_headers=extra_headers,
        )
    )


def _encode(
    fields: Mapping[str, Any], source: AudioSource, limit: int, is_measured: bool
) -> tuple[tuple[bytes, str], float]:
    """Encode the form of a file; return it with the longest duration, if a hook counts it."""
    name, data = _file(source, limit)
    seconds = 0.0
    if is_measured:
        from llmaas.documents.audio_length import longest_seconds

        seconds = longest_seconds(data)
    return multipart(fields, name, data), seconds


def _file(source: AudioSource, limit: int) -> tuple[str, bytes]:
    try:
        name, data = read_file(source, limit)
    except (OSError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInputError(f"file cannot be read: {error}") from error
    if not data:
        raise InvalidInputError(f"file {name!r} is empty.")
    return name, data


def _read_transcription(data: bytes, _: Mapping[str, str]) -> Transcription:
    body = loads(data)
    if not isinstance(body, Mapping) or not isinstance(body.get("text"), str):
        raise ValueError("it has no text")  # seen on the service; not an empty audio file
    return Transcription(
        text=body["text"],
        language=body.get("language"),
        segments=tuple(map(_segment, body.get("segments") or ())),
        extra={key: value for key, value in body.items() if key not in _NAMED},
    )


def _segment(segment: Mapping[str, object]) -> Mapping[str, object]:
    """Return a segment with a text: that of silence is null on some engines."""
    return segment if segment.get("text") is not None else {**segment, "text": ""}


def _read_speech(data: bytes, headers: Mapping[str, str]) -> Speech:
    content_type = headers.get("content-type", "")
    if not data or content_type.startswith(("application/json", "text/")):
        raise ValueError("the body is not audio")
    milliseconds = headers.get("x-tts-duration-ms")
    try:
        duration = float(milliseconds) / 1000 if milliseconds else None
    except ValueError:
        duration = None
    return Speech(data, content_type, duration, headers.get("x-request-id"))
