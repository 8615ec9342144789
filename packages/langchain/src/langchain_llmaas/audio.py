"""Transcription of audio files to documents: a blob parser, and a document loader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, Literal

from langchain_core.document_loaders import BaseBlobParser, BaseLoader
from langchain_core.documents import Document
from langchain_core.documents.base import Blob
from pydantic import Field

from langchain_llmaas.connection import ConnectionMixin
from langchain_llmaas.cost import record_cost
from langchain_llmaas.errors import translate_errors
from llmaas import Transcription
from llmaas.adapters import audio_file_name, reject_unknown_arguments
from llmaas.model_names import TranscriptionModelName
from llmaas.pricing import audio_cost_micro_eur

AudioFile = str | Path | bytes | Blob


class LLMaaSAudioParser(ConnectionMixin, BaseBlobParser):
    """Transcribes audio: one document per file, or one per segment with its times."""

    model: TranscriptionModelName | None = None
    """A transcription model. Defaults to the service's choice."""
    language: str | None = None
    """ISO 639-1 code. Detected by default."""
    initial_prompt: str | None = None
    """Words that the audio is likely to contain."""
    task: Literal["transcribe", "translate"] | None = None
    split: Literal["file", "segment"] = "file"
    model_kwargs: dict[str, Any] = Field(default_factory=dict)

    def lazy_parse(self, blob: Blob) -> Iterator[Document]:
        """Transcribe one audio file."""
        with translate_errors:
            transcription = self.client.transcribe(_to_upload(blob), **self._options())
        yield from self._documents(blob, transcription)

    async def alazy_parse(self, blob: Blob) -> AsyncIterator[Document]:
        """Transcribe one audio file."""
        with translate_errors:
            file = await asyncio.to_thread(_to_upload, blob)
            transcription = await self.async_client.transcribe(file, **self._options())
        for document in self._documents(blob, transcription):
            yield document

    def _options(self) -> Any:
        return {
            "model": self.model,
            "language": self.language,
            "initial_prompt": self.initial_prompt,
            "task": self.task,
            **self.model_kwargs,
        }

    def _documents(self, blob: Blob, transcription: Transcription) -> Iterator[Document]:
        metadata = {**blob.metadata, "model": self.model, "language": transcription.language}
        if blob.source:
            metadata["source"] = blob.source
        seconds = _duration(transcription)
        if seconds is not None:
            cost = audio_cost_micro_eur(seconds)
            record_cost(self.model or "transcription", cost)
            metadata |= {"duration": seconds, "cost_eur": cost / 1_000_000}
        metadata = {name: value for name, value in metadata.items() if value is not None}
        if self.split == "segment" and transcription.segments:
            yield from (_to_document(segment, metadata) for segment in transcription.segments)
        else:
            yield Document(page_content=transcription.text, metadata=metadata)


class LLMaaSAudioLoader(BaseLoader):
    """Loads documents from audio files: paths, bytes or blobs."""

    def __init__(
        self,
        audio_files: AudioFile | Iterable[AudioFile],
        *,
        parser: LLMaaSAudioParser | None = None,
        **options: Any,
    ) -> None:
        """Store audio files and a parser, or create the parser from ``options``."""
        if parser is not None and options:
            raise ValueError(f"parser excludes parser options, got both: {', '.join(options)}")
        reject_unknown_arguments(type(self), options, LLMaaSAudioParser.model_fields)
        self.audio_files: Iterable[AudioFile] = (
            [audio_files] if isinstance(audio_files, str | Path | bytes | Blob) else audio_files
        )
        self.parser = parser or LLMaaSAudioParser(**options)

    def lazy_load(self) -> Iterator[Document]:
        """Transcribe the audio files one after another."""
        for audio_file in self.audio_files:
            yield from self.parser.lazy_parse(_to_blob(audio_file))

    async def alazy_load(self) -> AsyncIterator[Document]:
        """Transcribe the audio files one after another."""
        for audio_file in self.audio_files:
            async for document in self.parser.alazy_parse(_to_blob(audio_file)):
                yield document


def _to_blob(audio_file: Any) -> Blob:
    if isinstance(audio_file, Blob):
        return audio_file
    if isinstance(audio_file, bytes):
        return Blob.from_data(audio_file)
    return Blob.from_path(audio_file)


def _to_upload(blob: Blob) -> tuple[str, bytes]:
    """Return a name and bytes. Servers detect the format by the name's suffix."""
    data = blob.as_bytes()
    name = PurePath(blob.source).name if blob.source else ""
    suffix = "" if PurePath(name).suffix else PurePath(audio_file_name(data)).suffix
    return f"{name or 'audio'}{suffix}", data


def _duration(transcription: Transcription) -> float | None:
    """Return the audio's length in seconds, or None if the answer does not report it."""
    if isinstance(duration := transcription.extra.get("duration"), int | float):
        return float(duration)
    ends = [
        segment["end"]
        for segment in transcription.segments
        if isinstance(segment.get("end"), int | float)
    ]
    return float(max(ends)) if ends else None


def _to_document(segment: Mapping[str, Any], metadata: Mapping[str, Any]) -> Document:
    times = {name: segment[name] for name in ("start", "end") if name in segment}
    text = str(segment.get("text", "")).strip()
    return Document(page_content=text, metadata={**metadata, **times})
