"""Embedding function for memories: ``LLMaaSMemory``, Chroma, or any that takes a callable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self, Unpack

from autogen_llmaas._chroma import ChromaFunction
from autogen_llmaas.connection import ApiKey, Connection, connection_options
from llmaas import AsyncLLMaaS, Embeddings, LLMaaS
from llmaas.adapters import redact_options, reject_unknown_arguments
from llmaas.model_names import EmbeddingModelName
from llmaas.settings import KEY_VARIABLE

DEFAULT_EMBEDDER = "bge-m3:567m"


class LLMaaSEmbeddings(ChromaFunction):
    """Embedding function of texts, callable synchronously and asynchronously.

    ``tokens`` counts the embedded tokens. The key is neither printed nor pickled.

    Args:
        model: An embedding model's name.
        api_key: The key. Defaults to the environment variable named by ``api_key_env``.
        base_url: The URL of the service. Defaults to ``LLMAAS_BASE_URL``.
        batch_size: Texts per request. Defaults to 64.
        concurrency: Concurrent requests. Defaults to 4.
        dimensions: Dimensions of a vector. Not sent if it is the model's default.
        embedding_kwargs: Further parameters of the request, such as ``truncate_prompt_tokens``.
        connection: ``timeout``, ``deadline``, ``max_retries``, ``ca_bundle``, ``profile``,
            ``proxy`` and ``default_headers``, as in ``LLMaaSClientConfig``.

    """

    def __init__(
        self,
        model: EmbeddingModelName = DEFAULT_EMBEDDER,
        *,
        api_key: ApiKey = None,
        api_key_env: str = KEY_VARIABLE,
        base_url: str | None = None,
        batch_size: int | None = None,
        concurrency: int | None = None,
        dimensions: int | None = None,
        embedding_kwargs: dict[str, Any] | None = None,
        **connection: Unpack[Connection],
    ) -> None:
        reject_unknown_arguments(type(self), connection, Connection.__annotations__)
        self.model = model
        self.api_key_env = api_key_env
        self.base_url = base_url
        self.batch_size = batch_size
        self.concurrency = concurrency
        self.dimensions = dimensions
        self.embedding_kwargs = embedding_kwargs
        self.connection = connection
        self.tokens = 0
        self._api_key = api_key

    @property
    def vector_size(self) -> int | None:
        """Dimensions of a vector; None if unknown."""
        from llmaas import catalog

        known = catalog.find_model(self.model, self.connection.get("profile"))
        return self.dimensions or (known.dimensions if known else None)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed texts to one vector per text. Raises if the service rejects one."""
        return (await self.embed_each(texts, isolate_errors=False)).vectors

    async def embed_each(
        self,
        texts: Sequence[str],
        *,
        isolate_errors: bool = True,
        on_batch: Callable[[int, Sequence[Any]], None] | None = None,
        on_model: Callable[[str], None] | None = None,
    ) -> Embeddings:
        """Embed texts; ``errors`` maps the positions of rejected texts to their errors.

        ``on_batch`` and ``on_model`` are called as by ``AsyncLLMaaS.embed``.
        """
        client = AsyncLLMaaS(**self._connection_options())
        options = {**self._options(), "isolate_errors": isolate_errors}
        try:
            answer = await client.embed(
                list(texts), on_batch=on_batch, on_model=on_model, **options
            )
        except BaseException as error:
            self._count(getattr(error, "partial", None))
            raise
        self._count(answer)
        return answer

    def __call__(self, input: Sequence[str]) -> list[list[float]]:  # noqa: A002 - Chroma's name
        """Embed texts synchronously, as Chroma requires."""
        with LLMaaS(**self._connection_options()) as client:
            try:
                answer = client.embed(list(input), **self._options(), isolate_errors=False)
            except BaseException as error:
                self._count(getattr(error, "partial", None))
                raise
        self._count(answer)
        return answer.vectors

    def _connection_options(self) -> Any:
        connection = self.connection
        return connection_options(self._api_key, self.api_key_env, self.base_url, **connection)

    def _options(self) -> dict[str, Any]:
        named = {
            "model": self.model,
            "batch_size": self.batch_size,
            "concurrency": self.concurrency,
            "dimensions": self.dimensions,
        }
        given = {name: value for name, value in named.items() if value is not None}
        return {**given, **(self.embedding_kwargs or {})}

    def _count(self, answer: Embeddings | None) -> None:
        usage = answer.usage if answer else None
        self.tokens += usage.prompt_tokens if usage else 0

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments without the key and other secrets."""
        named = ("model", "api_key_env", "base_url", "batch_size", "concurrency", "dimensions",
                 "embedding_kwargs")  # fmt: skip
        values = {name: getattr(self, name) for name in named} | redact_options(self.connection)
        return {name: value for name, value in values.items() if value is not None}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(model={self.model!r})"

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: Any) -> Self:
        return type(self)(api_key=self._api_key, **(self.get_config() | {**self.connection}))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_unpickle, (type(self), self.get_config()))


def _unpickle(embeddings_class: type[LLMaaSEmbeddings], config: dict[str, Any]) -> LLMaaSEmbeddings:
    return embeddings_class(**config)
