"""The two clients: ``LLMaaS`` and ``AsyncLLMaaS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from llmaas.messages import Messages
from llmaas.ops import advice, answer, audio, batch, chat, data, embed, rank
from llmaas.ops.drive import AsyncDriver, Driver
from llmaas.ops.effects import Operation
from llmaas.ops.exchange import Moment
from llmaas.ops.watch import About, Watcher, watched, watched_stream
from llmaas.options import (
    BatchOptions,
    ChatOptions,
    EmbedOptions,
    ImageOptions,
    RerankOptions,
    SpeakOptions,
    TranscribeOptions,
)
from llmaas.settings import Settings, Timeout
from llmaas.stream import AsyncStream, Stream
from llmaas.transport import AsyncTransport, SyncTransport
from llmaas.types import (
    Batch,
    Completion,
    Embeddings,
    Image,
    LiveModel,
    Ranking,
    Speech,
    Transcription,
)
from llmaas.wire.forms import AudioSource

if TYPE_CHECKING:
    import openai

    from llmaas.quota import Budget

T = TypeVar("T")


class _Client:
    """What both clients are: settings, and a transport made when it is first needed."""

    def __init__(
        self,
        *,
        api_key: str | Callable[[], Any] | None = None,
        base_url: str | None = None,
        timeout: float | Timeout | None = None,
        max_retries: int = 2,
        deadline: float | None = None,
        ca_bundle: str | None = None,
        proxy: str | None = None,
        headers: Mapping[str, str] | None = None,
        watchers: Sequence[Watcher] = (),
        transport: Any = None,
    ) -> None:
        self.settings = Settings.of(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            deadline=deadline,
            ca_bundle=ca_bundle,
            proxy=proxy,
            headers=headers,
            watchers=watchers,
        )
        self._use(transport)

    @classmethod
    def of(cls, settings: Settings, transport: Any = None) -> Self:
        """Return a client with these settings."""
        client = cls.__new__(cls)
        client.settings = settings
        client._use(transport)
        return client

    def _use(self, transport: Any) -> None:
        self._given_transport = transport
        self._openai: Any = None

    def with_options(self, **changes: Any) -> Self:
        """Return a client with some constructor arguments changed; pools are shared."""
        transport = changes.pop("transport", self._given_transport)
        return self.of(self.settings.changed(**changes), transport)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.settings.base_url!r})"

    def __copy__(self) -> Self:
        return self.of(self.settings, self._given_transport)

    def __deepcopy__(self, memo: Any) -> Self:
        return self.of(self.settings, self._given_transport)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self).of, (self.settings, self._given_transport))

    def _chat(self, messages: Messages, model: str, options: Any) -> Operation[Completion]:
        repair = options.pop("repair", True)
        ask = chat.prepare(self.settings, messages, model=model, stream=False, **options)
        shaped = ask.shape is not None and repair
        return watched(ask.about(), answer.chat_shaped(ask) if shaped else chat.chat(ask))

    def _stream(self, messages: Messages, model: str, options: Any) -> Operation[chat.Opened]:
        options.pop("repair", None)  # what was handed out cannot be repaired
        ask = chat.prepare(self.settings, messages, model=model, stream=True, **options)
        return watched_stream(ask.about(), chat.open_stream(ask))

    def budget(self, eur: float, **options: Any) -> Budget:
        """Return a budget for a ``with`` block: calls in it are refused before they exceed it."""
        from llmaas.quota import Budget

        return Budget(eur, **options)

    def _work(
        self, name: str, make: Callable[..., Operation[T]], /, *inputs: Any, **options: Any
    ) -> Operation[T]:
        """Return an operation that is watched, and whose deadline runs from now on."""
        moment = Moment.of(self.settings, options.pop("deadline", None))
        work = make(self.settings, *inputs, deadline=moment, **options)
        model, params = options.get("model") or "", options if name == "batch" else {}
        texts = () if name == "transcription" else inputs[-1]
        about = About(name, model, self.settings, texts, params, deadline=moment.at)
        return watched(about, work)

    def _submit(self, conversations: Any, model: str, options: Any) -> Operation[Batch]:
        if isinstance(model, str) and "max_completion_tokens" not in options:
            options.setdefault("max_tokens", advice.DEFAULT.for_model(model))  # budgets ask for it
        return self._work("batch", batch.submit, conversations, model=model, **options)


class LLMaaS(_Client):
    """The service, for threads. Safe to share; usable as a context manager.

    ``api_key`` (a string, or a callable for keys that rotate) and ``base_url`` (with or
    without ``/v1``) default to ``LLMAAS_API_KEY`` and ``LLMAAS_BASE_URL``. ``timeout`` is
    the longest silence in seconds, ``deadline`` the longest a call may take in all.
    Connection errors, 408, 409, 429 and 5xx are retried ``max_retries`` times. ``transport``
    replaces the I/O, in tests for instance.

    All methods raise what ``llmaas.errors`` draws.
    """

    def _use(self, transport: SyncTransport | None) -> None:
        super()._use(transport)
        self._driver = Driver(self.settings, transport)

    def chat(self, messages: Messages, *, model: str, **options: Unpack[ChatOptions]) -> Completion:
        """Ask, and return the whole answer.

        ``messages`` is a string or OpenAI's dicts; images in them may be paths, bytes, URLs
        or data URIs. With ``response_format`` the value is in ``parsed``; an answer that
        does not fit is corrected once, then raises ``StructuredOutputError``.
        """
        return self._driver.run(self._chat(messages, model, options))

    def stream(self, messages: Messages, *, model: str, **options: Unpack[ChatOptions]) -> Stream:
        """Ask as ``chat`` does; return the events of the answer as they come."""
        opened = self._driver.run(self._stream(messages, model, options))
        return Stream(opened, self._driver)

    def embed(
        self, texts: str | Sequence[str], *, model: str, **options: Unpack[EmbedOptions]
    ) -> Embeddings:
        """Return one vector a text, in their order.

        A text that the service refuses has None for a vector and its error in ``errors``;
        it costs its neighbours nothing.
        """
        work = self._work("embeddings", embed.embed, texts, model=model, **options)
        return self._driver.run(work)

    def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        model: str,
        **options: Unpack[RerankOptions],
    ) -> Ranking:
        """Return documents by falling relevance; all that are submitted are billed."""
        work = self._work("rerank", rank.rerank, query, documents, model=model, **options)
        return self._driver.run(work)

    def transcribe(self, file: AudioSource, **options: Unpack[TranscribeOptions]) -> Transcription:
        """Write down a recording: a path, bytes, an open file or ``(name, bytes)``."""
        return self._driver.run(self._work("transcription", audio.transcribe, file, **options))

    def speak(self, text: str, *, model: str, **options: Unpack[SpeakOptions]) -> Speech:
        """Say a text."""
        work = self._work("speech", audio.speak, text, model=model, **options)
        return self._driver.run(work)

    def images(self, prompt: str, *, model: str, **options: Unpack[ImageOptions]) -> list[Image]:
        """Draw images from a prompt."""
        work = self._work("image", rank.images, prompt, model=model, **options)
        return self._driver.run(work)

    def models(self) -> list[LiveModel]:
        """Return the models that the key may use, as the service lists them now."""
        return self._driver.run(data.models(self.settings))

    def submit_batch(
        self, conversations: Sequence[Messages], *, model: str, **options: Unpack[BatchOptions]
    ) -> Batch:
        """Hand in up to 1,000 conversations at half price; never retried (not idempotent)."""
        return self._driver.run(self._submit(conversations, model, options))

    def get_batch(self, batch_id: str) -> Batch:
        """Read a lot's state, and its results once they are there."""
        return self._driver.run(batch.get(self.settings, batch_id))

    @property
    def openai(self) -> openai.OpenAI:
        """A plain ``openai.OpenAI`` with the same address, key and timeouts."""
        if self._openai is None:
            from llmaas.sdk import openai_client

            self._openai = openai_client(self.settings)
        client: openai.OpenAI = self._openai
        return client

    def close(self) -> None:
        """Give the connections back. A later call opens them again."""
        if self._openai is not None:
            self._openai.close()
            self._openai = None
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()


class AsyncLLMaaS(_Client):
    """The service, for asyncio: as ``LLMaaS``, awaited.

    One object may be used in several event loops, one after the other or at once: each has
    a pool of its own, closed with it. ``api_key`` may also be an async callable.
    """

    def _use(self, transport: AsyncTransport | None) -> None:
        super()._use(transport)
        self._driver = AsyncDriver(self.settings, transport)

    async def chat(
        self, messages: Messages, *, model: str, **options: Unpack[ChatOptions]
    ) -> Completion:
        """Ask, and return the whole answer (see ``LLMaaS.chat``)."""
        return await self._driver.run(self._chat(messages, model, options))

    async def stream(
        self, messages: Messages, *, model: str, **options: Unpack[ChatOptions]
    ) -> AsyncStream:
        """Ask as ``chat`` does; return the events of the answer as they come."""
        opened = await self._driver.run(self._stream(messages, model, options))
        return AsyncStream(opened, self._driver)

    async def embed(
        self, texts: str | Sequence[str], *, model: str, **options: Unpack[EmbedOptions]
    ) -> Embeddings:
        """Return one vector a text, in their order (see ``LLMaaS.embed``)."""
        work = self._work("embeddings", embed.embed, texts, model=model, **options)
        return await self._driver.run(work)

    async def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        model: str,
        **options: Unpack[RerankOptions],
    ) -> Ranking:
        """Return documents by falling relevance; all that are submitted are billed."""
        work = self._work("rerank", rank.rerank, query, documents, model=model, **options)
        return await self._driver.run(work)

    async def transcribe(
        self, file: AudioSource, **options: Unpack[TranscribeOptions]
    ) -> Transcription:
        """Write down a recording: a path, bytes, an open file or ``(name, bytes)``."""
        return await self._driver.run(
            self._work("transcription", audio.transcribe, file, **options)
        )

    async def speak(self, text: str, *, model: str, **options: Unpack[SpeakOptions]) -> Speech:
        """Say a text."""
        work = self._work("speech", audio.speak, text, model=model, **options)
        return await self._driver.run(work)

    async def images(
        self, prompt: str, *, model: str, **options: Unpack[ImageOptions]
    ) -> list[Image]:
        """Draw images from a prompt."""
        work = self._work("image", rank.images, prompt, model=model, **options)
        return await self._driver.run(work)

    async def models(self) -> list[LiveModel]:
        """Return the models that the key may use, as the service lists them now."""
        return await self._driver.run(data.models(self.settings))

    async def submit_batch(
        self, conversations: Sequence[Messages], *, model: str, **options: Unpack[BatchOptions]
    ) -> Batch:
        """Hand in up to 1,000 conversations at half price; never retried (not idempotent)."""
        return await self._driver.run(self._submit(conversations, model, options))

    async def get_batch(self, batch_id: str) -> Batch:
        """Read a lot's state, and its results once they are there."""
        return await self._driver.run(batch.get(self.settings, batch_id))

    @property
    def openai(self) -> openai.AsyncOpenAI:
        """A plain ``openai.AsyncOpenAI`` with the same address, key and timeouts."""
        if self._openai is None:
            from llmaas.sdk import async_openai_client

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
