"""MCP tools: thin functions over the client, one for each operation."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from mcp.types import AudioContent, CallToolResult, ImageContent, TextContent
from pydantic import Field

from llmaas import AsyncLLMaaS, catalog
from llmaas.energy import chat_energy_kwh
from llmaas.errors import LLMaaSError
from llmaas.pricing import chat_cost_micro_eur, estimate_tokens
from llmaas.quota import Budget
from llmaas.types import Completion, Usage
from llmaas_cli.demo.interface import CHAT_MODEL, EMBEDDING_MODEL, RERANK_MODEL
from llmaas_cli.mcp import results
from llmaas_cli.mcp.callers import Callers
from llmaas_cli.mcp.sdk import ToolContext, ToolError

SPEECH_MODEL, IMAGE_MODEL = "kokoro", "z-image:16b"
Effort = Literal["none", "low", "medium", "high"]


class Tools:
    """Tools of one server; ``transcribe`` may open the files of ``folder``."""

    def __init__(self, callers: Callers, folder: Path | None = None) -> None:
        self._callers = callers
        self._folder = folder.resolve() if folder else None

    async def chat(
        self,
        prompt: str,
        ctx: ToolContext,
        model: str = CHAT_MODEL,
        system: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        reasoning: Effort | None = None,
        json_schema: dict[str, Any] | None = None,
    ) -> results.ChatResult:
        """Ask a language model. With ``json_schema``, ``parsed`` is a value that matches it."""
        options: dict[str, Any] = {"temperature": temperature, "reasoning": reasoning}
        options |= {"max_tokens": max_tokens} if max_tokens is not None else {}
        options |= {"response_format": json_schema} if json_schema else {}
        messages = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": prompt})
        async with self._client(ctx) as client:
            if json_schema:
                answer = await client.chat(messages, model=model, **options)
            else:
                answer = await _stream_chat(client, messages, model, options, ctx)
        return results.to_chat_result(answer)

    async def embed(
        self, texts: list[str], ctx: ToolContext, model: str = EMBEDDING_MODEL
    ) -> Annotated[CallToolResult, results.EmbedResult]:
        """Embed texts for search and comparison; the vectors are in the structured content."""
        async with self._client(ctx) as client:
            found = await client.embed(texts, model=model)
        first: Any = next((vector for vector in found.vectors if vector is not None), ())
        embedded: results.EmbedResult = {
            "model": found.model,
            "dimensions": len(first),
            "vectors": [None if v is None else list(v) for v in found.vectors],
            "errors": _errors_by_position(found.errors),
            "cost_eur": results.to_eur(found.cost_micro_eur),
        }
        # As text, thousands of numbers would fill the context of the host's model.
        summary = f"{len(found.vectors)} vectors of {len(first)} numbers, by {found.model}."
        text = TextContent(type="text", text=summary)
        return CallToolResult(content=[text], structuredContent=dict(embedded))

    async def rerank(
        self,
        query: str,
        documents: list[str],
        ctx: ToolContext,
        model: str = RERANK_MODEL,
        top_n: int | None = None,
    ) -> results.RerankResult:
        """Rank documents by relevance to a query."""
        async with self._client(ctx) as client:
            ranking = await client.rerank(query, documents, model=model, top_n=top_n)
        return {
            "model": ranking.model,
            "results": [
                {"index": r.index, "score": r.normalized_score, "document": documents[r.index]}
                for r in ranking.results
            ],
            "errors": _errors_by_position(ranking.errors),
            "cost_eur": ranking.cost_micro_eur / 1_000_000,
        }

    async def transcribe(
        self,
        ctx: ToolContext,
        audio_base64: str | None = None,
        file: str | None = None,
        language: str | None = None,
    ) -> results.TranscribeResult:
        """Transcribe an audio file, given as base64 or by its name in the server's folder."""
        audio = self._open_audio(audio_base64, file)
        async with self._client(ctx) as client:
            transcription = await client.transcribe(audio, language=language)
        segments = [dict(segment) for segment in transcription.segments]
        return {
            "text": transcription.text,
            "language": transcription.language,
            "segments": segments,
        }

    async def speak(
        self,
        text: str,
        ctx: ToolContext,
        voice: str = "alloy",
        audio_format: Literal["mp3", "wav", "flac", "opus", "aac"] = "mp3",
        model: str = SPEECH_MODEL,
    ) -> CallToolResult:
        """Convert text to speech; the result is audio."""
        async with self._client(ctx) as client:
            speech = await client.speak(
                text, model=model, voice=voice, response_format=audio_format
            )
        kind = speech.content_type.partition(";")[0] or f"audio/{audio_format}"
        audio_content = AudioContent(type="audio", data=_base64(speech.audio), mimeType=kind)
        return CallToolResult(content=[audio_content])

    async def image(
        self, prompt: str, ctx: ToolContext, size: str | None = None, model: str = IMAGE_MODEL
    ) -> CallToolResult:
        """Generate an image from a description. ``size`` is WIDTHxHEIGHT in pixels."""
        async with self._client(ctx) as client:
            images = await client.generate_images(prompt, model=model, size=size)
        return CallToolResult(content=[_image_content(one) for one in images])

    async def models(
        self,
        ctx: ToolContext,
        category: str | None = None,
        needs: list[Literal["tools", "vision", "reasoning"]] | None = None,
    ) -> results.ModelsResult:
        """List the served models with capabilities and end of support."""
        async with self._client(ctx) as client:
            await catalog.arefresh(client)
        found = [m for m in catalog.all_models() if m.live and category in (None, m.category)]
        matching = [m for m in found if all(getattr(m, need) for need in needs or ())]
        return {"models": [_model_info(model) for model in matching]}

    async def cost(
        self,
        ctx: ToolContext,
        model: str = CHAT_MODEL,
        text: str = "",
        completion_tokens: Annotated[int, Field(ge=0)] = 0,
    ) -> results.CostResult:
        """Estimate the cost of a chat and report the remaining budget. Free of charge."""
        _, budget = self._caller(ctx)
        prompt = estimate_tokens(text)
        usage = Usage(prompt, completion_tokens, prompt + completion_tokens)
        known = catalog.find_model(model)
        window = known.context if known else None
        return {
            "model": known.id if known else model,
            "estimate_eur": chat_cost_micro_eur(usage) / 1_000_000,
            "energy_kwh": chat_energy_kwh(usage, model),
            "fits_context": None if window is None else usage.total_tokens <= window,
            "spent_eur": budget.spent if budget else None,
            "remaining_eur": budget.remaining if budget else None,
        }

    def _caller(self, ctx: ToolContext) -> tuple[AsyncLLMaaS, Budget | None]:
        return self._callers.authenticate(ctx.request_context.request)

    @asynccontextmanager
    async def _client(self, ctx: ToolContext) -> AsyncIterator[AsyncLLMaaS]:
        """Yield the caller's client. Its errors become tool errors without the API key."""
        try:
            yield self._caller(ctx)[0]
        except LLMaaSError as error:
            raise ToolError(f"{type(error).__name__}: {error}") from None

    def _open_audio(self, data: str | None, file: str | None) -> Any:
        if (data is None) == (file is None):
            raise ToolError("Pass either audio_base64 or file.")
        if data is not None:
            return _decode_base64(data)
        if self._folder is None:
            raise ToolError("This server opens no files. Send audio_base64 instead.")
        path = (self._folder / str(file)).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            raise ToolError(f"{file!r} is not a file of the server's folder.")
        return path


async def _stream_chat(
    client: AsyncLLMaaS, messages: Any, model: str, options: dict[str, Any], ctx: ToolContext
) -> Completion:
    """Stream an answer, so that the host sees progress: the characters that have come."""
    done = 0
    async with await client.stream(messages, model=model, **options) as stream:
        async for event in stream:
            if event.type in ("text", "reasoning"):
                done += len(event.text)
                await ctx.report_progress(done, message=event.text)
        return stream.completion


def _image_content(image: Any) -> ImageContent | TextContent:
    if image.data is None:
        return TextContent(type="text", text=image.url or "")
    kind = "image/jpeg" if image.data[:2] == b"\xff\xd8" else "image/png"
    return ImageContent(type="image", data=_base64(image.data), mimeType=kind)


def _model_info(model: catalog.Model) -> results.ModelInfo:
    end = model.end_of_support
    return {
        "id": model.id,
        "category": model.category,
        "context_tokens": model.context,
        "tools": model.tools,
        "vision": model.vision,
        "reasoning": model.reasoning,
        "kwh_per_mtoken": model.kwh_per_mtoken,
        "end_of_support": end.isoformat() if end else None,
        "successor": model.successor,
    }


def _errors_by_position(errors: Any) -> dict[str, str]:
    return {str(position): str(error) for position, error in errors.items()}


def _decode_base64(data: str) -> bytes:
    """Decode base64, also with line breaks (as ``base64`` writes it) or as a data URI."""
    if data.startswith("data:"):
        data = data.partition(",")[2]
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except binascii.Error as error:
        raise ToolError(f"audio_base64 is not base64: {error}.") from None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
