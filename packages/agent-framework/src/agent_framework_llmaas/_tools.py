"""What LLMaaS does beyond chat, as tools that an agent may call.

The framework has no abstraction for ranking, speech, transcription or images. Each factory
returns a ``FunctionTool``; ``client`` defaults to one made from ``LLMAAS_*``. Files stay inside
the ``folder`` given here: a model names a file, never a place.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import uuid4

from agent_framework import Content, FunctionTool, tool

from agent_framework_llmaas._connect import connected
from agent_framework_llmaas.errors import translate_errors
from llmaas import AsyncLLMaaS

Returned = TypeVar("Returned")
_SUFFIXES = {
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/flac": ".flac",
}


def rerank_tool(
    *,
    model: str,
    documents: Sequence[str] | None = None,
    top_n: int = 5,
    client: AsyncLLMaaS | None = None,
    name: str = "rerank",
) -> FunctionTool:
    """Return a tool that finds the best documents for a query.

    With ``documents`` the model only says what it looks for; without, it brings them along.
    The result is JSON: ``index``, ``score`` and ``document`` by falling relevance.
    """
    ours = connected(client)

    async def ranked(query: str, texts: Sequence[str]) -> str:
        found = await ours.rerank(query, texts, model=model, top_n=min(top_n, len(texts)))
        best = [
            {"index": r.index, "score": r.relevance_score, "document": texts[r.index]}
            for r in found.results
        ]
        return json.dumps(best, ensure_ascii=False)

    async def among_known(query: Annotated[str, "What to look for"]) -> str:
        return await ranked(query, documents or ())

    async def among_given(
        query: Annotated[str, "What to look for"],
        documents: Annotated[list[str], "The texts to sort by relevance"],
    ) -> str:
        return await ranked(query, documents)

    function = among_given if documents is None else among_known
    description = "Find the documents that answer a query best, by falling relevance."
    return _tool(function, name, description)


def transcription_tool(
    *,
    folder: str | Path,
    model: str | None = None,
    client: AsyncLLMaaS | None = None,
    name: str = "transcribe",
) -> FunctionTool:
    """Return a tool that writes down a recording of ``folder``."""
    ours, home = connected(client), Path(folder)

    async def transcribe(
        file: Annotated[str, "Name of the recording"],
        language: Annotated[str | None, "Language spoken, ISO 639-1, if known"] = None,
    ) -> str:
        path = _inside(home, file)
        found = await ours.transcribe(path, model=model, language=language)
        return found.text

    return _tool(transcribe, name, "Write down what is said in an audio recording.")


def speech_tool(
    *,
    model: str,
    voice: str = "alloy",
    response_format: str = "mp3",
    folder: str | Path | None = None,
    client: AsyncLLMaaS | None = None,
    name: str = "speak",
) -> FunctionTool:
    """Return a tool that says a text.

    The sound is a ``data`` content of the tool's result, for the application. The model learns
    only that it is there, or with ``folder`` the name of the file it was written to.
    """
    ours = connected(client)

    async def speak(text: Annotated[str, "What to say"]) -> list[Content]:
        speech = await ours.speak(text, model=model, voice=voice, response_format=response_format)
        kind = speech.content_type.partition(";")[0]
        return _made(speech.audio, kind, _SUFFIXES.get(kind, f".{response_format}"), folder)

    return _tool(speak, name, "Say a text aloud: makes an audio recording of it.")


def image_tool(
    *,
    model: str,
    size: str | None = None,
    folder: str | Path | None = None,
    client: AsyncLLMaaS | None = None,
    name: str = "draw",
) -> FunctionTool:
    """Return a tool that draws an image; its result is like that of ``speech_tool``."""
    ours = connected(client)

    async def draw(prompt: Annotated[str, "What the image shows"]) -> list[Content]:
        images = await ours.generate_images(prompt, model=model, size=size)
        return [
            content
            for image in images
            if image.error is None
            for content in (
                _made(image.data, "image/png", ".png", folder)
                if image.data is not None
                else [Content.from_uri(str(image.url), media_type="image/png")]
            )
        ]

    return _tool(draw, name, "Draw an image from a description.")


def _tool(function: Callable[..., Awaitable[Any]], name: str, description: str) -> FunctionTool:
    return tool(_with_framework_errors(function), name=name, description=description)


def _with_framework_errors(
    function: Callable[..., Awaitable[Returned]],
) -> Callable[..., Awaitable[Returned]]:
    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Returned:
        with translate_errors:
            return await function(*args, **kwargs)

    return call


def _inside(folder: Path, name: str) -> Path:
    """Return the path of a file in ``folder``; refuse any way out of it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise FileNotFoundError(f"there is no file {name!r}")
    return path


def _made(data: bytes, media_type: str, suffix: str, folder: str | Path | None) -> list[Content]:
    """Return what was made, as a file's name or as data."""
    if folder is None:
        return [Content.from_data(data, media_type)]
    path = Path(folder) / f"{uuid4().hex}{suffix}"
    path.write_bytes(data)
    return [Content.from_text(f"Written to {path.name}")]
