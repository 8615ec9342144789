"""Recordings as documents: a parser for blobs, and a loader for files and addresses of blobs."""

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
from llmaas.adapters import audio_file_name
from llmaas.pricing import audio_cost_micro_eur

AudioFile = str | Path | bytes | Blob


class LLMaaSAudioParser(ConnectionMixin, BaseBlobParser):
    """Writes down recordings: one document each, or one for each segment with its times."""

    model: str | None = None
    """A transcription model; the service picks one where none is named."""
    language: str | None = None
    """ISO 639-1."""
    initial_prompt: str | None = None
    """Words that the recording is likely to hold."""
    task: Literal["transcribe", "translate"] | None = None
    split: Literal["recording", "segment"] = "recording"
    model_kwargs: dict[str, Any] = Field(default_factory=dict)

    def lazy_parse(self, blob: Blob) -> Iterator[Document]:
        """Yield the documents of one recording."""
        with translate_errors:
            transcription = self.client.transcribe(_to_upload(blob), **self._options())
        yield from self._documents(blob, transcription)

    async def alazy_parse(self, blob: Blob) -> AsyncIterator[Document]:
        """Yield the documents of one recording."""
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

    def _documents(self, blob: Blob, told: Transcription) -> Iterator[Document]:
        facts = {**blob.metadata, "model": self.model, "language": told.language}
        if blob.source:
            facts["source"] = blob.source
        seconds = _duration(told)
        if seconds is not None:
            cost = audio_cost_micro_eur(seconds)
            record_cost(self.model or "transcription", cost)
            facts |= {"duration": seconds, "cost_eur": cost / 1_000_000}
        facts = {name: fact for name, fact in facts.items() if fact is not None}
        if self.split == "segment" and told.segments:
            yield from (_to_document(part, facts) for part in told.segments)
        else:
            yield Document(page_content=told.text, metadata=facts)


class LLMaaSAudioLoader(BaseLoader):
    """Loads documents from recordings: paths, bytes or blobs."""

    def __init__(
        self,
        recordings: AudioFile | Iterable[AudioFile],
        *,
        parser: LLMaaSAudioParser | None = None,
        **options: Any,
    ) -> None:
        """Take recordings and a parser, or the options to make one from."""
        if parser is not None and options:
            raise ValueError(f"give a parser, or its options ({', '.join(options)}), not both")
        self.recordings: Iterable[AudioFile] = (
            [recordings] if isinstance(recordings, str | Path | bytes | Blob) else recordings
        )
        self.parser = parser or LLMaaSAudioParser(**options)

    def lazy_load(self) -> Iterator[Document]:
        """Yield the documents of all recordings, one recording after the other."""
        for recording in self.recordings:
            yield from self.parser.lazy_parse(_to_blob(recording))

    async def alazy_load(self) -> AsyncIterator[Document]:
        """Yield the documents of all recordings, one recording after the other."""
        for recording in self.recordings:
            async for document in self.parser.alazy_parse(_to_blob(recording)):
                yield document


def _to_blob(recording: Any) -> Blob:
    if isinstance(recording, Blob):
        return recording
    if isinstance(recording, bytes):
        return Blob.from_data(recording)
    return Blob.from_path(recording)


def _to_upload(blob: Blob) -> tuple[str, bytes]:
    """Return bytes and a name: servers tell formats by its ending."""
    data = blob.as_bytes()
    name = PurePath(blob.source).name if blob.source else ""
    ending = "" if PurePath(name).suffix else PurePath(audio_file_name(data)).suffix
    return f"{name or 'audio'}{ending}", data


def _duration(told: Transcription) -> float | None:
    """Return the length of the recording, as far as the answer tells it."""
    if isinstance(duration := told.extra.get("duration"), int | float):
        return float(duration)
    ends = [part["end"] for part in told.segments if isinstance(part.get("end"), int | float)]
    return float(max(ends)) if ends else None


def _to_document(part: Mapping[str, Any], facts: Mapping[str, Any]) -> Document:
    times = {name: part[name] for name in ("start", "end") if name in part}
    text = str(part.get("text", "")).strip()
    return Document(page_content=text, metadata={**facts, **times})
