"""Probes of transcription, speech and images: only with ``--audio`` and ``--images``."""

from llmaas_cli.probe.calls import transcribe
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    NOT_SUPPORTED,
    REPORT,
    UNCLEAR,
    Call,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.sources import API, HOW_TO

SPEAK = {"model": "{model}", "input": "OK.", "voice": "alloy"}
IMAGE = {"model": "{model}", "prompt": "a grey square", "size": "1024x1024", "n": 1}
T, S, I = Subject.TRANSCRIPTION, Subject.SPEECH, Subject.IMAGE  # noqa: E741

PROBES = (
    Probe(
        "transcribe", "media", "A transcription has `text` and segments.",
        API, (transcribe(),),
        (
            rule(CONFIRMED, ok=True, has_transcript=True, has_segments=True),
            rule(CONTRADICTED, "Subtitles are not available.", ok=True, has_transcript=True),
            rule(CONTRADICTED, REPORT, ok=True),
        ), T, ("has_segments",), flag="audio",
    ),
    Probe(
        "transcribe-text", "media", "`response_format: text` is not supported.",
        API, (transcribe(response_format="text"),),
        (
            rule(CONFIRMED, refused=True),
            rule(CONFIRMED, "It is ignored.", ok=True, is_json=True),
            rule(CONTRADICTED, ok=True),
        ), T, ("content_type",), flag="audio",
    ),
    Probe(
        "transcribe-bad-file", "media", "A file that is not audio is refused.",
        "the service's own tests accept 400, 422 and 503",
        (transcribe(file="{not_audio}"),),
        (
            rule(CONFIRMED, refused=True),
            rule(CONTRADICTED, "Do not retry a 500 or 503 for such files.",
                 status={500, 503}),
            rule(CONTRADICTED, "Check the text: it may be empty.", ok=True),
        ), T, ("error_message",), flag="audio",
    ),
    Probe(
        "speak", "media", "Speech is audio, with a header `x-tts-duration-ms`.",
        f"{HOW_TO}, simple_tts", (Call("/v1/audio/speech", SPEAK),),
        (
            rule(CONFIRMED, ok=True, is_audio=True,
                 **{"header.x-tts-duration-ms": lambda value: bool(value)}),
            rule(CONTRADICTED, "`speech.duration` is None.", ok=True, is_audio=True),
            rule(CONTRADICTED, REPORT, ok=True),
        ), S, ("content_type", "size"), flag="audio",
    ),
    Probe(
        "speak-wav", "media", "`response_format: wav` is honored.",
        f"{HOW_TO}, simple_tts", (Call("/v1/audio/speech", {**SPEAK, "response_format": "wav"}),),
        (
            rule(CONFIRMED, ok=True, is_wav=True),
            rule(CONTRADICTED, "Look at the type of the answer.", ok=True),
            rule(NOT_SUPPORTED, "Use mp3.", refused=True),
        ), S, ("content_type",), flag="audio",
    ),
    Probe(
        "image", "media", "An image comes as base64.",
        "NousResearch/hermes-agent",
        (Call("/v1/images/generations", {**IMAGE, "response_format": "b64_json"}),),
        (
            rule(CONFIRMED, ok=True, image_kind="base64"),
            rule(CONTRADICTED, "Nothing to do: the client downloads it.",
                 ok=True, image_kind="url"),
            rule(UNCLEAR, "There is no image.", ok=True),
        ), I, ("image_kind",), flag="images",
    ),
)  # fmt: skip
