"""``LLMaaSTranscriber``: transcribes audio files to documents."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.dataclasses import ByteStream
from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from haystack_integrations.common.llmaas.inputs import check_list
from llmaas import Transcription
from llmaas.adapters import amap_bounded, map_bounded, redact_options
from llmaas.model_names import TranscriptionModelName

_SUFFIXES = {
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/flac": ".flac",
    "audio/ogg": ".ogg",
    "audio/webm": ".webm",
}


@component
class LLMaaSTranscriber(ConnectionMixin):
    """Transcribes audio files: one document per file or per segment.

    ```python
    from haystack_integrations.components.audio.llmaas import LLMaaSTranscriber

    documents = LLMaaSTranscriber(language="fr").run(["entretien.mp3"])["documents"]
    ```
    """

    def __init__(
        self,
        api_key: Secret = DEFAULT_API_KEY,
        model: TranscriptionModelName | None = None,
        api_base_url: str | None = None,
        language: str | None = None,
        initial_prompt: str | None = None,
        task: str | None = None,
        segments_as_documents: bool = False,
        concurrency: int = 2,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        transcription_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Store the settings. The first run reads the key and opens the connection.

        :param api_key: The API key. Defaults to the environment variable `LLMAAS_API_KEY`.
        :param model: A transcription model's name. Defaults to the service's choice.
        :param api_base_url: The base URL. Defaults to `LLMAAS_BASE_URL`, then the service.
        :param language: ISO 639-1 code. Detected by default.
        :param initial_prompt: Names and words that the audio is likely to contain.
        :param task: `transcribe`, or `translate` to English. Not sent by default.
        :param segments_as_documents: Return one document per segment, with `start` and `end` in its
            `meta`, if the service reports segments. Defaults to False.
        :param concurrency: Maximum concurrent requests. Defaults to 2.
        :param timeout: Read timeout in seconds. Defaults to 600.
        :param max_retries: Maximum retries of a failed request. Defaults to 2.
        :param http_client_kwargs: `proxy`, `headers`, `timeout` and `verify` (a CA bundle's path).
        :param transcription_kwargs: Further form fields of the request.
        """
        self._init_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)
        self.model = model
        self.language = language
        self.initial_prompt = initial_prompt
        self.task = task
        self.segments_as_documents = segments_as_documents
        self.concurrency = concurrency
        self.transcription_kwargs = transcription_kwargs or {}

    def to_dict(self) -> dict[str, Any]:
        """Serialize this component to a dictionary.

        :returns: The serialized component as a dictionary.
        """
        return default_to_dict(
            self,
            **self._connection_to_dict(),
            model=self.model,
            language=self.language,
            initial_prompt=self.initial_prompt,
            task=self.task,
            segments_as_documents=self.segments_as_documents,
            concurrency=self.concurrency,
            transcription_kwargs=redact_options(self.transcription_kwargs),
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LLMaaSTranscriber:
        """Deserialize this component from a dictionary.

        :param data: The dictionary representation of this component.
        :returns: The deserialized component instance.
        """
        transcriber: LLMaaSTranscriber = default_from_dict(cls, data)
        return transcriber

    @component.output_types(documents=list[Document])
    def run(self, sources: list[str | Path | ByteStream]) -> dict[str, list[Document]]:
        """Transcribe audio files.

        :param sources: Paths, or `ByteStream`s with a `mime_type` or a file name in their meta.
        :returns: `{"documents": [...]}` in the order of the sources, with language, model and
            segments in their `meta`.
        """
        check_list("sources", sources)
        client, options = self._get_client(), self._options()

        def transcribe(source: str | Path | ByteStream) -> list[Document]:
            return self._documents(source, client.transcribe(_to_upload(source), **options))

        return _to_output(map_bounded(transcribe, sources, limit=self.concurrency))

    @component.output_types(documents=list[Document])
    async def run_async(self, sources: list[str | Path | ByteStream]) -> dict[str, list[Document]]:
        """Transcribe audio files without blocking the event loop.

        :param sources: Paths, or `ByteStream`s with a `mime_type` or a file name in their meta.
        :returns: As `run`.
        """
        check_list("sources", sources)
        client, options = self._get_async_client(), self._options()

        async def transcribe(source: str | Path | ByteStream) -> list[Document]:
            return self._documents(source, await client.transcribe(_to_upload(source), **options))

        return _to_output(await amap_bounded(transcribe, sources, limit=self.concurrency))

    def _options(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "language": self.language,
            "initial_prompt": self.initial_prompt,
            "task": self.task,
            **self.transcription_kwargs,
        }

    def _documents(
        self, source: str | Path | ByteStream, transcription: Transcription
    ) -> list[Document]:
        meta = _source_meta(source)
        meta.update(model=self.model, language=transcription.language)
        segments = [dict(segment) for segment in transcription.segments]
        if not (self.segments_as_documents and segments):
            return [Document(content=transcription.text, meta={**meta, "segments": segments})]
        return [
            Document(
                content=str(segment.get("text") or ""), meta={**meta, **_segment_meta(segment, i)}
            )
            for i, segment in enumerate(segments)
        ]


def _to_output(lists: list[list[Document]]) -> dict[str, list[Document]]:
    return {"documents": [document for documents in lists for document in documents]}


def _segment_meta(segment: dict[str, Any], position: int) -> dict[str, Any]:
    return {"segment": position, "start": segment.get("start"), "end": segment.get("end")}


def _source_meta(source: str | Path | ByteStream) -> dict[str, Any]:
    return dict(source.meta) if isinstance(source, ByteStream) else {"file_path": str(source)}


def _to_upload(source: str | Path | ByteStream) -> Any:
    """Build the upload. Servers detect the format by the file name's suffix."""
    if not isinstance(source, ByteStream):
        return source
    path = source.meta.get("file_path") or source.meta.get("file_name") or ""
    name = Path(str(path)).name
    if Path(name).suffix:
        return name, source.data
    suffix = _SUFFIXES.get(source.mime_type or "") or mimetypes.guess_extension(
        source.mime_type or ""
    )
    return (f"{name or 'audio'}{suffix}", source.data) if suffix else source.data
