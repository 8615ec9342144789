"""``llmaas transcribe`` and ``llmaas speak``: audio files to text, and text to an audio file."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, Force, Out, UseSandbox

if TYPE_CHECKING:
    from llmaas.types import Transcription


class Subtitles(StrEnum):
    """Output formats of a transcription."""

    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"


class AudioFormat(StrEnum):
    """Audio formats of the service."""

    MP3 = "mp3"
    OPUS = "opus"
    AAC = "aac"
    FLAC = "flac"
    WAV = "wav"
    PCM = "pcm"


def transcribe(
    inputs: Annotated[list[Path], typer.Argument(help="Audio files or folders.")],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Defaults to the service's model.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Language of the speech: fr, en, ...")
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="Names and terms to expect.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Use the realtime socket; '-' is raw 16 kHz PCM.")
    ] = False,
    output_format: Annotated[Subtitles, typer.Option("--format", "-f")] = Subtitles.TEXT,
    out: Out = None,
    force: Force = False,
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Transcribe speech to text, subtitles, or JSON lines with segments."""
    if live:
        from llmaas_cli.commands.live import transcribe_live

        is_formatted = output_format is not Subtitles.TEXT
        _refuse_with_live(language=language, prompt=prompt, format=is_formatted, out=out)
        transcribe_live(inputs, model=model, sandbox=sandbox, base_url=base_url, as_json=as_json)
        return
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.inputs import AUDIO, find_files
    from llmaas_cli.commands.results import open_results, show_progress

    paths = find_files(inputs, AUDIO)
    parameters = {"model": model, "language": language, "initial_prompt": prompt}
    options: Any = {name: value for name, value in parameters.items() if value is not None}
    with (
        open_client(sandbox=sandbox, base_url=base_url) as client,
        open_results(out, as_json=as_json, has_many=len(paths) > 1, force=force) as writer,
    ):
        for path in show_progress(paths, len(paths), lambda path: path.name):
            try:
                transcription = client.transcribe(_audio(path), **options)
            except Exception as error:
                writer.fail(str(path), error)
                continue
            facts = {
                "text": transcription.text,
                "language": transcription.language,
                "segments": list(transcription.segments),
            }
            writer.add(
                str(path),
                _format_transcription(transcription, output_format),
                facts,
                _transcription_cost(transcription),
            )


def _refuse_with_live(**options: object) -> None:
    """Raise ``BadParameter`` for options that the realtime socket does not support."""
    if unsupported := [f"--{name}" for name, value in options.items() if value]:
        raise typer.BadParameter(f"{', '.join(unsupported)}: not supported with --live.")


def speak(
    words: Annotated[list[str] | None, typer.Argument(help="The text; '-' is stdin.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The audio file; '-' is stdout.")
    ] = None,
    model: Annotated[str, typer.Option("--model", "-m")] = "kokoro",
    voice: Annotated[str, typer.Option("--voice", "-v")] = "alloy",
    audio_format: Annotated[
        AudioFormat | None, typer.Option("--format", "-f", help="Defaults to the file's suffix.")
    ] = None,
    speed: Annotated[float | None, typer.Option(min=0.25, max=4)] = None,
    force: Force = False,
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Convert text to speech and write an audio file."""
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.inputs import read_argument
    from llmaas_cli.commands.results import check_output, write_bytes
    from llmaas_cli.terminal.output import print_json, print_status

    text = read_argument(words)
    suffix = (out.suffix.lstrip(".").lower() if out else "") or "mp3"
    chosen_format = audio_format or AudioFormat(suffix if suffix in set(AudioFormat) else "mp3")
    target = out or Path(f"speech.{chosen_format}")
    if str(target) != "-":
        check_output(target, force=force)
    options: Any = {} if speed is None else {"speed": speed}
    with open_client(sandbox=sandbox, base_url=base_url) as client:
        speech = client.speak(
            text, model=model, voice=voice, response_format=str(chosen_format), **options
        )
    write_bytes(speech.audio, target)
    if as_json and str(target) != "-":
        print_json(
            {
                "out": str(target),
                "bytes": len(speech.audio),
                "content_type": speech.content_type,
                "seconds": speech.duration,
            }
        )
    elif str(target) != "-":
        print_status(f"{target}: {len(speech.audio):,} bytes", "dim")


def _audio(path: Path) -> Any:
    import sys

    return sys.stdin.buffer.read() if str(path) == "-" else path


def _transcription_cost(transcription: Transcription) -> int:
    """Compute the price of the minutes that the segments span; 0 without segments."""
    from llmaas.pricing import audio_cost_micro_eur

    ends = [s["end"] for s in transcription.segments if isinstance(s.get("end"), int | float)]
    return audio_cost_micro_eur(max(ends)) if ends else 0


def _format_transcription(transcription: Transcription, output_format: Subtitles) -> str:
    if output_format is Subtitles.TEXT:
        return transcription.text.strip()
    segments = [s for s in transcription.segments if isinstance(s.get("start"), int | float)]
    if not segments:
        raise LookupError(
            "Subtitles need segments, and the service returned none. Use --format text."
        )
    comma = "," if output_format is Subtitles.SRT else "."
    cues = [_format_cue(number, segment, comma) for number, segment in enumerate(segments, 1)]
    return "\n\n".join([*(["WEBVTT"] if output_format is Subtitles.VTT else []), *cues])


def _format_cue(number: int, segment: Mapping[str, Any], comma: str) -> str:
    start, end = segment["start"], segment.get("end") or segment["start"]
    span = f"{_format_time(start, comma)} --> {_format_time(end, comma)}"
    return f"{number}\n{span}\n{segment['text'].strip()}"


def _format_time(seconds: float, comma: str) -> str:
    millis = round(seconds * 1000)
    hours, minutes = millis // 3_600_000, millis // 60_000 % 60
    return f"{hours:02}:{minutes:02}:{millis // 1000 % 60:02}{comma}{millis % 1000:03}"
