"""Semantic memory for AutoGen agents."""

from __future__ import annotations

import json
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from heapq import nlargest
from typing import Any, Self, Unpack

from autogen_core import CancellationToken, Component
from autogen_core.memory import Memory, MemoryContent, MemoryQueryResult, UpdateContextResult
from autogen_core.model_context import ChatCompletionContext
from autogen_core.models import SystemMessage, UserMessage
from pydantic import BaseModel, ConfigDict

from autogen_llmaas._cancellation import await_cancellable
from autogen_llmaas._similarity import cosine_similarities
from autogen_llmaas._vectors import TextVectors
from autogen_llmaas.connection import ApiKey, Connection
from autogen_llmaas.embeddings import DEFAULT_EMBEDDER, LLMaaSEmbeddings
from autogen_llmaas.memory_settings import MemorySettings
from autogen_llmaas.settings import create_config
from llmaas import InvalidInputError
from llmaas.adapters import redact_options
from llmaas.model_names import EmbeddingModelName
from llmaas.settings import KEY_VARIABLE

HEADING = "Relevant memory content:"


class LLMaaSMemoryConfig(BaseModel):
    """Configuration of a memory component: settings, texts and vectors; never the key."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    model: str = DEFAULT_EMBEDDER
    name: str | None = None
    k: int = 3
    """Maximum number of contents that a query returns."""
    score_threshold: float | None = None
    """Lowest cosine similarity of a returned content."""
    api_key_env: str = KEY_VARIABLE
    base_url: str | None = None
    batch_size: int | None = None
    """Texts per request. Defaults to 64."""
    concurrency: int | None = None
    """Concurrent requests. Defaults to 4."""
    dimensions: int | None = None
    """Dimensions of a vector. Not sent if it is the model's default."""
    embedding_kwargs: dict[str, Any] | None = None
    """Further parameters of the request, such as ``truncate_prompt_tokens``."""
    timeout: float | None = None
    deadline: float | None = None
    """Maximum duration of one call in seconds, including retries."""
    max_retries: int | None = None
    ca_bundle: str | None = None
    profile: str | None = None
    """File of ``llmaas probe --save``. Defaults to ``LLMAAS_PROFILE``."""
    proxy: str | None = None
    """Proxy URL; its credentials are not stored in a component."""
    default_headers: dict[str, str] | None = None
    contents: list[MemoryContent] = []
    vectors: list[str | None] = []
    """Vectors of the contents, float32 in base64; None if not embedded yet."""
    vectors_model: str | None = None
    """The model that computed the vectors."""
    vector_space: str | None = None
    """Model, dimensions and base URL of the vectors; vectors of other settings are not used."""


_EMBEDDING_FIELDS = ("api_key_env", "base_url", "batch_size", "concurrency", "dimensions",
                     "embedding_kwargs", *Connection.__annotations__)  # fmt: skip


class LLMaaSMemory(Memory, Component[LLMaaSMemoryConfig]):
    """Memory of texts, searched by the similarity of LLMaaS embeddings.

    Each content is embedded once, together with the next query. Vectors survive errors and are
    saved with the component. A content that the service rejects is skipped with a warning; a
    query that is too long is shortened. ``settings`` are those of ``LLMaaSMemoryConfig``.
    """

    component_config_schema = LLMaaSMemoryConfig

    def __init__(
        self,
        model: EmbeddingModelName = DEFAULT_EMBEDDER,
        *,
        api_key: ApiKey = None,
        **settings: Unpack[MemorySettings],
    ) -> None:
        owner = type(self).__name__
        config = create_config(LLMaaSMemoryConfig, owner, {"model": model, **settings})
        self._config = config
        options: Any = {name: getattr(config, name) for name in _EMBEDDING_FIELDS}
        self.embeddings = LLMaaSEmbeddings(model, api_key=api_key, **options)
        self._contents = [(content, _content_text(content)) for content in config.contents]
        self._vectors = TextVectors(self.embeddings)
        if config.vector_space == self._vector_space():
            self._vectors.model = config.vectors_model
            for (_, text), kept in zip(self._contents, config.vectors, strict=False):
                if kept is not None:
                    self._vectors.known[text] = array("f", b64decode(kept))

    @property
    def contents(self) -> Sequence[MemoryContent]:
        """All contents, oldest first."""
        return tuple(content for content, _ in self._contents)

    async def add(
        self, content: MemoryContent, cancellation_token: CancellationToken | None = None
    ) -> None:
        """Add a text or a JSON object. Raises ``InvalidInputError`` for images and bytes."""
        self._contents.append((content, _content_text(content)))

    async def query(
        self,
        query: str | MemoryContent,
        cancellation_token: CancellationToken | None = None,
        **kwargs: Any,
    ) -> MemoryQueryResult:
        """Find the contents most similar to a query, best first, each with its ``score``.

        ``k`` and ``score_threshold`` override the configuration.
        """
        text = query if isinstance(query, str) else _content_text(query)
        if not self._contents or not text.strip():
            return MemoryQueryResult(results=[])
        contents, vectors = list(self._contents), self._vectors  # clear() replaces both
        work = vectors.complete(text, [text for _, text in contents])
        query_vector = await await_cancellable(work, cancellation_token)
        if query_vector is None:
            return MemoryQueryResult(results=[])
        candidates = vectors.comparable(query_vector, contents)
        scores = await cosine_similarities(query_vector, [vector for vector, _ in candidates])
        pairs = zip(scores, (content for _, content in candidates), strict=True)
        return MemoryQueryResult(results=self._nearest(pairs, **kwargs))

    def _nearest(
        self,
        scored: Iterable[tuple[float, MemoryContent]],
        k: int | None = None,
        score_threshold: float | None = None,
    ) -> list[MemoryContent]:
        floor = self._config.score_threshold if score_threshold is None else score_threshold
        kept = [pair for pair in scored if floor is None or pair[0] >= floor]
        best = nlargest(self._config.k if k is None else k, kept, key=lambda pair: pair[0])
        return [_with_score(content, score) for score, content in best]

    async def update_context(self, model_context: ChatCompletionContext) -> UpdateContextResult:
        """Add the contents relevant to the last user message to the context."""
        result = await self.query(_last_user_text(await model_context.get_messages()))
        if result.results:
            lines = (
                f"{n}. {_content_text(content)}" for n, content in enumerate(result.results, 1)
            )
            text = "\n".join((HEADING, *lines))
            await model_context.add_message(SystemMessage(content=text))
        return UpdateContextResult(memories=result)

    async def clear(self) -> None:
        """Remove all contents and vectors."""
        self._contents, self._vectors = [], TextVectors(self.embeddings, self._vectors.model)

    async def close(self) -> None:
        """Do nothing: connections close with their event loop."""

    def _vector_space(self) -> str:
        """Return a key that vectors must share to be comparable."""
        return f"{self._config.model} {self._config.dimensions} {self._config.base_url}"

    def _to_config(self) -> LLMaaSMemoryConfig:
        vectors = [_encode_vector(self._vectors.known.get(text)) for _, text in self._contents]
        secret = self._config.model_dump(include={"proxy", "default_headers"})
        update: dict[str, Any] = {
            **redact_options(secret),
            "contents": list(self.contents),
            "vectors": vectors,
            "vectors_model": self._vectors.model,
            "vector_space": self._vector_space(),
        }
        if not any(vectors):
            update |= {"vectors": [], "vectors_model": None, "vector_space": None}
        return self._config.model_copy(update=update)

    @classmethod
    def _from_config(cls, config: LLMaaSMemoryConfig) -> Self:
        return cls(**{name: getattr(config, name) for name in config.model_fields_set | {"model"}})


def _content_text(content: MemoryContent) -> str:
    value = content.content
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    raise InvalidInputError(f"content must be a text or a JSON object, got {type(value).__name__}.")


def _with_score(content: MemoryContent, score: float) -> MemoryContent:
    return content.model_copy(update={"metadata": {**(content.metadata or {}), "score": score}})


def _last_user_text(messages: Sequence[Any]) -> str:
    for message in reversed(messages):
        if isinstance(message, UserMessage):
            content = message.content
            parts = [content] if isinstance(content, str) else content
            return " ".join(part for part in parts if isinstance(part, str))
    return ""


def _encode_vector(vector: array[float] | None) -> str | None:
    return None if vector is None else b64encode(vector).decode()
