"""``llmaas transcribe`` and ``llmaas speak``: audio files to text, and text to an audio file."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, Force, InSandbox, Out

if TYPE_CHECKING:
    from llmaas.types import Transcription


class Subtitles(StrEnum):
    """How a transcription is written."""

    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"


class AudioFormat(StrEnum):
    """Formats that the service speaks in."""

    MP3 = "mp3"
    OPUS = "opus"
    AAC = "aac"
    FLAC = "flac"
    WAV = "wav"
    PCM = "pcm"


def transcribe(
    inputs: Annotated[list[Path], typer.Argument(help="Audio files or folders.")],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Defaults to the service's.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Of the speech: fr, en, ...")
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="Names and terms to expect.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="By the realtime socket; '-' is raw 16 kHz PCM.")
    ] = False,
    layout: Annotated[Subtitles, typer.Option("--format", "-f")] = Subtitles.TEXT,
    out: Out = None,
    force: Force = False,
    sandbox: InSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write down speech: text, subtitles, or JSON lines with segments."""
    if live:
        from llmaas_cli.commands.live import transcribe_live

        transcribe_live(inputs, model=model, sandbox=sandbox, base_url=base_url, as_json=as_json)
        return
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.inputs import AUDIO, files
    from llmaas_cli.commands.results import progress, results

    found = files(inputs, AUDIO)
    wanted = {"model": model, "language": language, "initial_prompt": prompt}
    options: Any = {name: value for name, value in wanted.items() if value is not None}
    with (
        open_client(sandbox=sandbox, base_url=base_url) as client,
        results(out, as_json=as_json, many=len(found) > 1, force=force) as sink,
    ):
        for path in progress(found, len(found), lambda path: path.name):
            try:
                heard = client.transcribe(_audio(path), **options)
            except Exception as error:
                sink.fail(str(path), error)
                continue
            facts = {
                "text": heard.text,
                "language": heard.language,
                "segments": list(heard.segments),
            }
            sink.add(str(path), _laid_out(heard, layout), facts, _cost(heard))


def speak(
    words: Annotated[list[str] | None, typer.Argument(help="What to say; '-' is stdin.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The audio file; '-' is stdout.")
    ] = None,
    model: Annotated[str, typer.Option("--model", "-m")] = "kokoro",
    voice: Annotated[str, typer.Option("--voice", "-v")] = "alloy",
    audio_format: Annotated[
        AudioFormat | None, typer.Option("--format", "-f", help="Defaults to the file's ending.")
    ] = None,
    speed: Annotated[float | None, typer.Option(min=0.25, max=4)] = None,
    force: Force = False,
    sandbox: InSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say a text: an audio file out."""
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.results import new_file, write_bytes
    from llmaas_cli.terminal.output import print_json, say

    text = _text(words)
    ending = (out.suffix.lstrip(".").lower() if out else "") or "mp3"
    chosen = audio_format or AudioFormat(ending if ending in set(AudioFormat) else "mp3")
    target = out or Path(f"speech.{chosen}")
    if str(target) != "-":
        new_file(target, force=force)
    options: Any = {} if speed is None else {"speed": speed}
    with open_client(sandbox=sandbox, base_url=base_url) as client:
        spoken = client.speak(
            text, model=model, voice=voice, response_format=str(chosen), **options
        )
    write_bytes(spoken.audio, target)
    if as_json and str(target) != "-":
        print_json(
            {
                "out": str(target),
                "bytes": len(spoken.audio),
                "content_type": spoken.content_type,
                "seconds": spoken.duration,
            }
        )
    elif str(target) != "-":
        say(f"{target}: {len(spoken.audio):,} bytes", "dim")


def _text(words: list[str] | None) -> str:
    from llmaas_cli.terminal import stdin

    given, reads_stdin = stdin.words(words)
    if reads_stdin or (not given and not stdin.is_terminal()):
        given = "\n\n".join(part for part in (given, stdin.read().strip()) if part)
    if not given.strip():
        raise ValueError("there is nothing to say: give a text as an argument or on stdin")
    return given


def _audio(path: Path) -> Any:
    import sys

    return sys.stdin.buffer.read() if str(path) == "-" else path


def _cost(heard: Transcription) -> int:
    """Return the price of the minutes that the segments last; 0 where they are not told."""
    from llmaas.pricing import audio_cost_micro_eur

    ends = [s["end"] for s in heard.segments if isinstance(s.get("end"), int | float)]
    return audio_cost_micro_eur(max(ends)) if ends else 0


def _laid_out(heard: Transcription, layout: Subtitles) -> str:
    if layout is Subtitles.TEXT:
        return heard.text.strip()
    segments = [s for s in heard.segments if isinstance(s.get("start"), int | float)]
    if not segments:
        raise LookupError("The service told no segments, which subtitles need: use --format text.")
    comma = "," if layout is Subtitles.SRT else "."
    cues = [_cue(number, segment, comma) for number, segment in enumerate(segments, 1)]
    return "\n\n".join([*(["WEBVTT"] if layout is Subtitles.VTT else []), *cues])


def _cue(number: int, segment: Mapping[str, Any], comma: str) -> str:
    start, end = segment["start"], segment.get("end") or segment["start"]
    return f"{number}\n{_clock(start, comma)} --> {_clock(end, comma)}\n{segment['text'].strip()}"


def _clock(seconds: float, comma: str) -> str:
    millis = round(seconds * 1000)
    hours, minutes = millis // 3_600_000, millis // 60_000 % 60
    return f"{hours:02}:{minutes:02}:{millis // 1000 % 60:02}{comma}{millis % 1000:03}"
