"""A memory that finds by meaning, for AutoGen agents."""

from __future__ import annotations

import json
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from heapq import nlargest
from typing import Any, Self

from autogen_core import CancellationToken, Component
from autogen_core.memory import Memory, MemoryContent, MemoryQueryResult, UpdateContextResult
from autogen_core.model_context import ChatCompletionContext
from autogen_core.models import SystemMessage, UserMessage
from pydantic import BaseModel, ConfigDict

from autogen_llmaas._cancel import cancellable
from autogen_llmaas._core import ApiKey
from autogen_llmaas._nearest import cosines
from autogen_llmaas._vectors import TextVectors
from autogen_llmaas.embeddings import DEFAULT_EMBEDDER, LLMaaSEmbeddings
from llmaas import InvalidInputError
from llmaas.settings import KEY_VARIABLE

HEADING = "Relevant memory content:"


class LLMaaSMemoryConfig(BaseModel):
    """What a memory component holds: its texts and their vectors, and never the key."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    model: str = DEFAULT_EMBEDDER
    name: str | None = None
    k: int = 3
    """How many contents a query returns at most."""
    score_threshold: float | None = None
    """The cosine below which a content is no answer."""
    api_key_env: str = KEY_VARIABLE
    base_url: str | None = None
    batch_size: int | None = None
    """Texts in one request. Defaults to 64."""
    concurrency: int | None = None
    """Requests at once. Defaults to 4."""
    dimensions: int | None = None
    """Numbers of a vector. Not sent where it is the model's own size."""
    embedding_kwargs: dict[str, Any] | None = None
    """Further parameters of the request, such as ``truncate_prompt_tokens``."""
    contents: list[MemoryContent] = []
    vectors: list[str | None] = []
    """Vectors of the contents, float32 in base64; None where one is not embedded yet."""
    vectors_model: str | None = None
    """The model that made the vectors."""
    vectors_of: str | None = None
    """The ``model`` that was asked for them: those of another one are not used."""


_OF_EMBEDDINGS = ("api_key_env", "base_url", "batch_size", "concurrency", "dimensions",
                  "embedding_kwargs")  # fmt: skip


class LLMaaSMemory(Memory, Component[LLMaaSMemoryConfig]):
    """Remembers texts and finds those that mean what is asked, by LLMaaS embeddings.

    Contents are embedded together with the next query, each once: what was embedded before a
    failure is kept, and a component that is saved has its vectors with it. A content that the
    service refuses is left out with a warning; a question that is too long is shortened. The
    settings are those of ``LLMaaSMemoryConfig``.
    """

    component_config_schema = LLMaaSMemoryConfig

    def __init__(
        self, model: str = DEFAULT_EMBEDDER, *, api_key: ApiKey = None, **settings: Any
    ) -> None:
        self._config = config = LLMaaSMemoryConfig(model=model, **settings)
        options = {name: getattr(config, name) for name in _OF_EMBEDDINGS}
        self.embeddings = LLMaaSEmbeddings(model, api_key=api_key, **options)
        self._contents = [(content, _text(content)) for content in config.contents]
        self._vectors = TextVectors(self.embeddings)
        if config.vectors_of == self._kind():
            self._vectors.model = config.vectors_model
            for (_, text), kept in zip(self._contents, config.vectors, strict=False):
                if kept is not None:
                    self._vectors.known[text] = array("f", b64decode(kept))

    @property
    def contents(self) -> Sequence[MemoryContent]:
        """Everything remembered, oldest first."""
        return tuple(content for content, _ in self._contents)

    async def add(
        self, content: MemoryContent, cancellation_token: CancellationToken | None = None
    ) -> None:
        """Remember a text or a JSON object; ``InvalidInputError`` for images and bytes."""
        self._contents.append((content, _text(content)))

    async def query(
        self,
        query: str | MemoryContent,
        cancellation_token: CancellationToken | None = None,
        **kwargs: Any,
    ) -> MemoryQueryResult:
        """Return the contents nearest to a query, best first, each with its ``score``.

        ``k`` and ``score_threshold`` may be given for one query.
        """
        text = query if isinstance(query, str) else _text(query)
        if not self._contents or not text.strip():
            return MemoryQueryResult(results=[])
        contents, vectors = list(self._contents), self._vectors  # clear() leaves these to us
        work = vectors.complete(text, [text for _, text in contents])
        wanted = await cancellable(work, cancellation_token)
        if wanted is None:
            return MemoryQueryResult(results=[])
        known = vectors.comparable(wanted, contents)
        scores = await cosines(wanted, [vector for vector, _ in known])
        pairs = zip(scores, (content for _, content in known), strict=True)
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
        """Put what is relevant to the last question before the model."""
        found = await self.query(_last_question(await model_context.get_messages()))
        if found.results:
            lines = (f"{n}. {_text(content)}" for n, content in enumerate(found.results, 1))
            text = "\n".join((HEADING, *lines))
            await model_context.add_message(SystemMessage(content=text))
        return UpdateContextResult(memories=found)

    async def clear(self) -> None:
        """Forget everything."""
        self._contents, self._vectors = [], TextVectors(self.embeddings, self._vectors.model)

    async def close(self) -> None:
        """Nothing to do: connections close with their event loop."""

    def _kind(self) -> str:
        """Return what vectors must have in common to compare."""
        return f"{self._config.model} {self._config.dimensions} {self._config.base_url}"

    def _to_config(self) -> LLMaaSMemoryConfig:
        vectors = [_coded(self._vectors.known.get(text)) for _, text in self._contents]
        update: dict[str, Any] = {
            "contents": list(self.contents),
            "vectors": vectors,
            "vectors_model": self._vectors.model,
            "vectors_of": self._kind(),
        }
        if not any(vectors):
            update |= {"vectors": [], "vectors_model": None, "vectors_of": None}
        return self._config.model_copy(update=update)

    @classmethod
    def _from_config(cls, config: LLMaaSMemoryConfig) -> Self:
        return cls(**{name: getattr(config, name) for name in config.model_fields_set | {"model"}})


def _text(content: MemoryContent) -> str:
    value = content.content
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    raise InvalidInputError(f"only texts and objects can be embedded, not {type(value).__name__}")


def _with_score(content: MemoryContent, score: float) -> MemoryContent:
    return content.model_copy(update={"metadata": {**(content.metadata or {}), "score": score}})


def _last_question(messages: Sequence[Any]) -> str:
    for message in reversed(messages):
        if isinstance(message, UserMessage):
            content = message.content
            parts = [content] if isinstance(content, str) else content
            return " ".join(part for part in parts if isinstance(part, str))
    return ""


def _coded(vector: array[float] | None) -> str | None:
    return None if vector is None else b64encode(vector).decode()
