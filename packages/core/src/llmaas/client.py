"""The two clients: ``LLMaaS`` and ``AsyncLLMaaS``."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from llmaas import _operations as ops
from llmaas._chat_methods import AsyncChatMethods, ChatMethods

if TYPE_CHECKING:
    import openai

    from llmaas.messages import Messages
    from llmaas.model_names import (
        ChatModelName,
        EmbeddingModelName,
        ImageModelName,
        RerankModelName,
        SpeechModelName,
    )
    from llmaas.options import (
        BatchOptions,
        EmbedOptions,
        ImageOptions,
        RerankOptions,
        SpeakOptions,
        TranscribeOptions,
    )
    from llmaas.transport import AsyncTransport, SyncTransport
    from llmaas.types import (
        Batch,
        Embeddings,
        Image,
        LiveModel,
        RerankResponse,
        Speech,
        Transcription,
    )
    from llmaas.wire.multipart import AudioSource


class LLMaaS(ChatMethods):
    """Client for threads. Thread-safe; usable as a context manager.

    ``ClientOptions`` documents the arguments. ``api_key`` and ``base_url`` default to
    ``LLMAAS_API_KEY`` and ``LLMAAS_BASE_URL``. ``timeout`` limits each silence and ``deadline`` the
    whole call, both in seconds. Connection errors, 408, 409, 429 and 5xx are retried
    ``max_retries`` times; then the models of ``fallbacks`` are tried. ``transport`` replaces the
    I/O, in tests for instance.

    All methods raise the errors of ``llmaas.errors``.
    """

    def _use(self, transport: SyncTransport | None) -> None:
        super()._use(transport)
        self._runner = ops.sync_runner.SyncRunner(self.settings, transport)

    def embed(
        self,
        texts: str | Sequence[str],
        *,
        model: EmbeddingModelName,
        **options: Unpack[EmbedOptions],
    ) -> Embeddings:
        """Embed texts; return one vector per text, in order.

        A text that the service refuses has the vector None and its error in ``errors``; the other
        texts are embedded.
        """
        operation = self._call(
            "embeddings", ops.embed.embed, texts, model=model, **self._hide_headers(options)
        )
        return self._runner.run(operation)

    def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        model: RerankModelName,
        **options: Unpack[RerankOptions],
    ) -> RerankResponse:
        """Sort documents by descending relevance; all submitted documents are billed."""
        hidden = self._hide_headers(options)
        operation = self._call("rerank", ops.rerank.rerank, query, documents, model=model, **hidden)
        return self._runner.run(operation)

    def transcribe(self, file: AudioSource, **options: Unpack[TranscribeOptions]) -> Transcription:
        """Transcribe an audio file: a path, bytes, an open file or ``(name, bytes)``."""
        return self._runner.run(
            self._call("transcription", ops.audio.transcribe, file, **self._hide_headers(options))
        )

    def speak(
        self, text: str, *, model: SpeechModelName, **options: Unpack[SpeakOptions]
    ) -> Speech:
        """Synthesize speech from a text."""
        operation = self._call(
            "speech", ops.audio.speak, text, model=model, **self._hide_headers(options)
        )
        return self._runner.run(operation)

    def generate_images(
        self, prompt: str, *, model: ImageModelName, **options: Unpack[ImageOptions]
    ) -> list[Image]:
        """Generate images from a prompt."""
        operation = self._call(
            "image", ops.images.images, prompt, model=model, **self._hide_headers(options)
        )
        return self._runner.run(operation)

    def models(self, *, deadline: float | None = None) -> list[LiveModel]:
        """List the models that the key may use, as the service reports them now.

        ``deadline`` is in seconds. Defaults to 30, or to the client's deadline if it is shorter.
        """
        return self._runner.run(ops.json_request.models(self.settings, deadline=deadline))

    def submit_batch(
        self,
        conversations: Sequence[Messages],
        *,
        model: ChatModelName,
        **options: Unpack[BatchOptions],
    ) -> Batch:
        """Submit up to 1,000 conversations at half price; never retried (not idempotent)."""
        return self._runner.run(self._submit(conversations, model, options))

    def get_batch(self, batch_id: str) -> Batch:
        """Get the status of a batch, and its results once it has finished."""
        return self._runner.run(ops.batch.get(self.settings, batch_id))

    @property
    def openai(self) -> openai.OpenAI:
        """A plain ``openai.OpenAI`` with the same address, key and timeouts."""
        if self._openai is None:
            from llmaas._openai_sdk import openai_client

            self._openai = openai_client(self.settings)
        client: openai.OpenAI = self._openai
        return client

    def close(self) -> None:
        """Close the connections. A later call opens them again."""
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


class AsyncLLMaaS(AsyncChatMethods):
    """Client for asyncio, with the methods of ``LLMaaS`` as coroutines.

    One client may be used in several event loops, also concurrently: each loop has its own pool,
    which is closed with it. ``api_key`` may also be an async callable.
    """

    def _use(self, transport: AsyncTransport | None) -> None:
        super()._use(transport)
        self._runner = ops.async_runner.AsyncRunner(self.settings, transport)

    async def embed(
        self,
        texts: str | Sequence[str],
        *,
        model: EmbeddingModelName,
        **options: Unpack[EmbedOptions],
    ) -> Embeddings:
        """Embed texts; return one vector per text, in order (see ``LLMaaS.embed``)."""
        operation = self._call(
            "embeddings", ops.embed.embed, texts, model=model, **self._hide_headers(options)
        )
        return await self._runner.run(operation)

    async def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        model: RerankModelName,
        **options: Unpack[RerankOptions],
    ) -> RerankResponse:
        """Sort documents by descending relevance; all submitted documents are billed."""
        hidden = self._hide_headers(options)
        operation = self._call("rerank", ops.rerank.rerank, query, documents, model=model, **hidden)
        return await self._runner.run(operation)

    async def transcribe(
        self, file: AudioSource, **options: Unpack[TranscribeOptions]
    ) -> Transcription:
        """Transcribe an audio file: a path, bytes, an open file or ``(name, bytes)``."""
        return await self._runner.run(
            self._call("transcription", ops.audio.transcribe, file, **self._hide_headers(options))
        )

    async def speak(
        self, text: str, *, model: SpeechModelName, **options: Unpack[SpeakOptions]
    ) -> Speech:
        """Synthesize speech from a text."""
        operation = self._call(
            "speech", ops.audio.speak, text, model=model, **self._hide_headers(options)
        )
        return await self._runner.run(operation)

    async def generate_images(
        self, prompt: str, *, model: ImageModelName, **options: Unpack[ImageOptions]
    ) -> list[Image]:
        """Generate images from a prompt."""
        operation = self._call(
            "image", ops.images.images, prompt, model=model, **self._hide_headers(options)
        )
        return await self._runner.run(operation)

    async def models(self, *, deadline: float | None = None) -> list[LiveModel]:
        """List the models that the key may use (see ``LLMaaS.models``)."""
        return await self._runner.run(ops.json_request.models(self.settings, deadline=deadline))

    async def submit_batch(
        self,
        conversations: Sequence[Messages],
        *,
        model: ChatModelName,
        **options: Unpack[BatchOptions],
    ) -> Batch:
        """Submit up to 1,000 conversations at half price; never retried (not idempotent)."""
        return await self._runner.run(self._submit(conversations, model, options))

    async def get_batch(self, batch_id: str) -> Batch:
        """Get the status of a batch, and its results once it has finished."""
        return await self._runner.run(ops.batch.get(self.settings, batch_id))

    @property
    def openai(self) -> openai.AsyncOpenAI:
        """A plain ``openai.AsyncOpenAI`` with the same address, key and timeouts."""
        if self._openai is None:
            from llmaas._openai_sdk import async_openai_client

            self._openai = async_openai_client(self.settings)
        client: openai.AsyncOpenAI = self._openai
        return client

    async def close(self) -> None:
        """Close the client's own connections; shared pools close with their event loop."""
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
