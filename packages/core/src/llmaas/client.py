"""The two clients: ``LLMaaS`` and ``AsyncLLMaaS``."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from llmaas._base_client import BaseClient
from llmaas.messages import Messages
from llmaas.ops import audio, batch, embed, images, json_request, rerank
from llmaas.ops.async_runner import AsyncRunner
from llmaas.ops.sync_runner import SyncRunner
from llmaas.options import (
    BatchOptions,
    ChatOptions,
    EmbedOptions,
    ImageOptions,
    RerankOptions,
    SpeakOptions,
    TranscribeOptions,
)
from llmaas.streaming import AsyncStream, Stream
from llmaas.transport import AsyncTransport, SyncTransport
from llmaas.types import (
    Batch,
    Completion,
    Embeddings,
    Image,
    LiveModel,
    RerankResponse,
    Speech,
    Transcription,
)
from llmaas.wire.multipart import AudioSource

if TYPE_CHECKING:
    import openai


class LLMaaS(BaseClient):
    """The service, for threads. Safe to share; usable as a context manager.

    ``api_key`` (a string, or a callable for keys that rotate) and ``base_url`` (with or
    without ``/v1``) default to ``LLMAAS_API_KEY`` and ``LLMAAS_BASE_URL``. ``timeout`` is
    the longest silence in seconds, ``deadline`` the longest a call may take in all.
    Connection errors, 408, 409, 429 and 5xx are retried ``max_retries`` times; then the models
    of ``fallbacks`` are asked. ``limits`` bounds what is read of an answer (see ``Limits``).
    ``transport`` replaces the I/O, in tests for instance.

    All methods raise what ``llmaas.errors`` draws.
    """

    def _use(self, transport: SyncTransport | None) -> None:
        super()._use(transport)
        self._runner = SyncRunner(self.settings, transport)

    def chat(self, messages: Messages, *, model: str, **options: Unpack[ChatOptions]) -> Completion:
        """Ask, and return the whole answer.

        ``messages`` is a string or OpenAI's dicts; images in them may be ``Path`` objects, bytes,
        URLs or data URIs (a string never names a file). With ``response_format`` the value is in
        ``parsed``; an answer that does not fit is corrected once, then raises
        ``StructuredOutputError``.
        """
        return self._runner.run(self._chat(messages, model, options))

    def stream(self, messages: Messages, *, model: str, **options: Unpack[ChatOptions]) -> Stream:
        """Ask as ``chat`` does; return the events of the answer as they come."""
        opened = self._runner.run(self._stream(messages, model, options))
        return Stream(opened, self._runner)

    def embed(
        self, texts: str | Sequence[str], *, model: str, **options: Unpack[EmbedOptions]
    ) -> Embeddings:
        """Return one vector a text, in their order.

        A text that the service refuses has None for a vector and its error in ``errors``;
        it costs its neighbours nothing.
        """
        work = self._work("embeddings", embed.embed, texts, model=model, **self._hidden(options))
        return self._runner.run(work)

    def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        model: str,
        **options: Unpack[RerankOptions],
    ) -> RerankResponse:
        """Return documents by falling relevance; all that are submitted are billed."""
        work = self._work(
            "rerank", rerank.rerank, query, documents, model=model, **self._hidden(options)
        )
        return self._runner.run(work)

    def transcribe(self, file: AudioSource, **options: Unpack[TranscribeOptions]) -> Transcription:
        """Write down a recording: a path, bytes, an open file or ``(name, bytes)``."""
        return self._runner.run(
            self._work("transcription", audio.transcribe, file, **self._hidden(options))
        )

    def speak(self, text: str, *, model: str, **options: Unpack[SpeakOptions]) -> Speech:
        """Say a text."""
        work = self._work("speech", audio.speak, text, model=model, **self._hidden(options))
        return self._runner.run(work)

    def generate_images(
        self, prompt: str, *, model: str, **options: Unpack[ImageOptions]
    ) -> list[Image]:
        """Draw images from a prompt."""
        work = self._work("image", images.images, prompt, model=model, **self._hidden(options))
        return self._runner.run(work)

    def models(self, *, deadline: float | None = None) -> list[LiveModel]:
        """Return the models that the key may use, as the service lists them now.

        ``deadline`` is in seconds and defaults to 30, or to the client's if that is shorter.
        """
        return self._runner.run(json_request.models(self.settings, deadline=deadline))

    def submit_batch(
        self, conversations: Sequence[Messages], *, model: str, **options: Unpack[BatchOptions]
    ) -> Batch:
        """Hand in up to 1,000 conversations at half price; never retried (not idempotent)."""
        return self._runner.run(self._submit(conversations, model, options))

    def get_batch(self, batch_id: str) -> Batch:
        """Read a lot's state, and its results once they are there."""
        return self._runner.run(batch.get(self.settings, batch_id))

    @property
    def openai(self) -> openai.OpenAI:
        """A plain ``openai.OpenAI`` with the same address, key and timeouts."""
        if self._openai is None:
            from llmaas._openai_sdk import openai_client

            self._openai = openai_client(self.settings)
        client: openai.OpenAI = self._openai
        return client

    def close(self) -> None:
        """Give the connections back. A later call opens them again."""
        if self._openai is not None:
            self._openai.close()
            self._openai = None
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()


class AsyncLLMaaS(BaseClient):
    """The service, for asyncio: as ``LLMaaS``, awaited.

    One object may be used in several event loops, one after the other or at once: each has
    a pool of its own, closed with it. ``api_key`` may also be an async callable.
    """

    def _use(self, transport: AsyncTransport | None) -> None:
        super()._use(transport)
        self._runner = AsyncRunner(self.settings, transport)

    async def chat(
        self, messages: Messages, *, model: str, **options: Unpack[ChatOptions]
    ) -> Completion:
        """Ask, and return the whole answer (see ``LLMaaS.chat``)."""
        return await self._runner.run(self._chat(messages, model, options))

    async def stream(
        self, messages: Messages, *, model: str, **options: Unpack[ChatOptions]
    ) -> AsyncStream:
        """Ask as ``chat`` does; return the events of the answer as they come."""
        opened = await self._runner.run(self._stream(messages, model, options))
        return AsyncStream(opened, self._runner)

    async def embed(
        self, texts: str | Sequence[str], *, model: str, **options: Unpack[EmbedOptions]
    ) -> Embeddings:
        """Return one vector a text, in their order (see ``LLMaaS.embed``)."""
        work = self._work("embeddings", embed.embed, texts, model=model, **self._hidden(options))
        return await self._runner.run(work)

    async def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        model: str,
        **options: Unpack[RerankOptions],
    ) -> RerankResponse:
        """Return documents by falling relevance; all that are submitted are billed."""
        work = self._work(
            "rerank", rerank.rerank, query, documents, model=model, **self._hidden(options)
        )
        return await self._runner.run(work)

    async def transcribe(
        self, file: AudioSource, **options: Unpack[TranscribeOptions]
    ) -> Transcription:
        """Write down a recording: a path, bytes, an open file or ``(name, bytes)``."""
        return await self._runner.run(
            self._work("transcription", audio.transcribe, file, **self._hidden(options))
        )

    async def speak(self, text: str, *, model: str, **options: Unpack[SpeakOptions]) -> Speech:
        """Say a text."""
        work = self._work("speech", audio.speak, text, model=model, **self._hidden(options))
        return await self._runner.run(work)

    async def generate_images(
        self, prompt: str, *, model: str, **options: Unpack[ImageOptions]
    ) -> list[Image]:
        """Draw images from a prompt."""
        work = self._work("image", images.images, prompt, model=model, **self._hidden(options))
        return await self._runner.run(work)

    async def models(self, *, deadline: float | None = None) -> list[LiveModel]:
        """Return the models that the key may use (see ``LLMaaS.models``)."""
        return await self._runner.run(json_request.models(self.settings, deadline=deadline))

    async def submit_batch(
        self, conversations: Sequence[Messages], *, model: str, **options: Unpack[BatchOptions]
    ) -> Batch:
        """Hand in up to 1,000 conversations at half price; never retried (not idempotent)."""
        return await self._runner.run(self._submit(conversations, model, options))

    async def get_batch(self, batch_id: str) -> Batch:
        """Read a lot's state, and its results once they are there."""
        return await self._runner.run(batch.get(self.settings, batch_id))

    @property
    def openai(self) -> openai.AsyncOpenAI:
        """A plain ``openai.AsyncOpenAI`` with the same address, key and timeouts."""
        if self._openai is None:
            from llmaas._openai_sdk import async_openai_client

            self._openai = async_openai_client(self.settings)
        client: openai.AsyncOpenAI = self._openai
        return client

    async def close(self) -> None:
        """Close what belongs to this client alone; shared pools close with their event loop."""
        if self._openai is not None:
            await self._openai.close()
            self._openai = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.close()
