"""Agent tools for reranking, transcription, speech and images.

The framework has no abstraction for these. Each factory returns a ``FunctionTool``; ``client``
defaults to one configured by ``LLMAAS_*`` variables. Models name files, never paths: access is
limited to ``folder``.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import uuid4

from agent_framework import Content, FunctionTool, tool

from agent_framework_llmaas._connection import create_client
from agent_framework_llmaas.errors import translate_errors
from llmaas.model_names import (
    ImageModelName,
    RerankModelName,
    SpeechModelName,
    TranscriptionModelName,
)

if TYPE_CHECKING:
    from llmaas import AsyncLLMaaS

ResultT = TypeVar("ResultT")
_SUFFIXES = {
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/flac": ".flac",
}


def rerank_tool(
    *,
    model: RerankModelName,
    documents: Sequence[str] | None = None,
    top_n: int = 5,
    client: AsyncLLMaaS | None = None,
    name: str = "rerank",
) -> FunctionTool:
    """Create a tool that finds the best documents for a query.

    With ``documents`` the model passes only the query; without, it passes the documents too. The
    result is JSON: ``index``, ``score`` and ``document`` by descending relevance.
    """
    connected_client = create_client(client)

    async def rerank_texts(query: str, texts: Sequence[str]) -> str:
        answer = await connected_client.rerank(
            query, texts, model=model, top_n=min(top_n, len(texts))
        )
        best = [
            {"index": r.index, "score": r.relevance_score, "document": texts[r.index]}
            for r in answer.results
        ]
        return json.dumps(best, ensure_ascii=False)

    async def search(query: Annotated[str, "What to look for"]) -> str:
        return await rerank_texts(query, documents or ())

    async def search_given(
        query: Annotated[str, "What to look for"],
        documents: Annotated[list[str], "The texts to sort by relevance"],
    ) -> str:
        return await rerank_texts(query, documents)

    function = search_given if documents is None else search
    description = "Find the documents that answer a query best, by falling relevance."
    return _tool(function, name, description)


def transcription_tool(
    *,
    folder: str | Path,
    model: TranscriptionModelName | None = None,
    client: AsyncLLMaaS | None = None,
    name: str = "transcribe",
) -> FunctionTool:
    """Create a tool that transcribes an audio file of ``folder``."""
    connected_client, root = create_client(client), Path(folder)

    async def transcribe(
        file: Annotated[str, "Name of the recording"],
        language: Annotated[str | None, "Language spoken, ISO 639-1, if known"] = None,
    ) -> str:
        path = _resolve_file(root, file)
        answer = await connected_client.transcribe(path, model=model, language=language)
        return answer.text

    return _tool(transcribe, name, "Write down what is said in an audio recording.")


def speech_tool(
    *,
    model: SpeechModelName,
    voice: str = "alloy",
    response_format: str = "mp3",
    folder: str | Path | None = None,
    client: AsyncLLMaaS | None = None,
    name: str = "speak",
) -> FunctionTool:
    """Create a tool that converts text to speech.

    The audio is a ``data`` content of the tool's result, for the application. The model receives
    only its media type, or with ``folder`` the name of the file written.
    """
    connected_client = create_client(client)

    async def speak(text: Annotated[str, "What to say"]) -> list[Content]:
        speech = await connected_client.speak(
            text, model=model, voice=voice, response_format=response_format
        )
        kind = speech.content_type.partition(";")[0]
        return _to_contents(speech.audio, kind, _SUFFIXES.get(kind, f".{response_format}"), folder)

    return _tool(speak, name, "Say a text aloud: makes an audio recording of it.")


def image_tool(
    *,
    model: ImageModelName,
    size: str | None = None,
    folder: str | Path | None = None,
    client: AsyncLLMaaS | None = None,
    name: str = "draw",
) -> FunctionTool:
    """Create a tool that generates an image; its result is like that of ``speech_tool``."""
    connected_client = create_client(client)

    async def draw(prompt: Annotated[str, "What the image shows"]) -> list[Content]:
        images = await connected_client.generate_images(prompt, model=model, size=size)
        return [
            content
            for image in images
            if image.error is None
            for content in (
                _to_contents(image.data, "image/png", ".png", folder)
                if image.data is not None
                else [Content.from_uri(str(image.url), media_type="image/png")]
            )
        ]

    return _tool(draw, name, "Draw an image from a description.")


def _tool(function: Callable[..., Awaitable[Any]], name: str, description: str) -> FunctionTool:
    return tool(_with_framework_errors(function), name=name, description=description)


def _with_framework_errors(
    function: Callable[..., Awaitable[ResultT]],
) -> Callable[..., Awaitable[ResultT]]:
    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> ResultT:
        with translate_errors:
            return await function(*args, **kwargs)

    return call


def _resolve_file(folder: Path, name: str) -> Path:
    """Resolve a file in ``folder``. Raises ``FileNotFoundError`` for paths outside of it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise FileNotFoundError(f"file does not exist, got {name!r}.")
    return path


def _to_contents(
    data: bytes, media_type: str, suffix: str, folder: str | Path | None
) -> list[Content]:
    """Convert bytes to a ``data`` content, or write a file and return its name."""
    if folder is None:
        return [Content.from_data(data, media_type)]
    path = Path(folder) / f"{uuid4().hex}{suffix}"
    path.write_bytes(data)
    return [Content.from_text(f"Written to {path.name}")]
