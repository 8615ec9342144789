"""A memory that finds by meaning, for AutoGen agents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from heapq import nlargest
from math import hypot
from operator import mul
from typing import Any, Self

from autogen_core import CancellationToken, Component
from autogen_core.memory import Memory, MemoryContent, MemoryQueryResult, UpdateContextResult
from autogen_core.model_context import ChatCompletionContext
from autogen_core.models import SystemMessage, UserMessage
from pydantic import BaseModel, ConfigDict

from autogen_llmaas._cancel import cancellable
from autogen_llmaas._core import ApiKey
from autogen_llmaas._refuse import unusable
from autogen_llmaas.embeddings import DEFAULT_EMBEDDER, LLMaaSEmbeddings
from llmaas.settings import KEY_VARIABLE

HEADING = "Relevant memory content:"


class LLMaaSMemoryConfig(BaseModel):
    """What a memory component holds: its texts, not their vectors, and never the key."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    model: str = DEFAULT_EMBEDDER
    name: str | None = None
    k: int = 3
    """How many contents a query returns at most."""
    score_threshold: float | None = None
    """The cosine below which a content is no answer."""
    api_key_env: str = KEY_VARIABLE
    base_url: str | None = None
    contents: list[MemoryContent] = []


class LLMaaSMemory(Memory, Component[LLMaaSMemoryConfig]):
    """Remembers texts and finds those that mean what is asked, by LLMaaS embeddings.

    Contents are embedded together with the next query, in one request. The settings are those
    of ``LLMaaSMemoryConfig``.
    """

    component_config_schema = LLMaaSMemoryConfig

    def __init__(
        self, model: str = DEFAULT_EMBEDDER, *, api_key: ApiKey = None, **settings: Any
    ) -> None:
        self._config = config = LLMaaSMemoryConfig(model=model, **settings)
        self.embeddings = LLMaaSEmbeddings(
            model, api_key=api_key, api_key_env=config.api_key_env, base_url=config.base_url
        )
        self._contents = list(config.contents)
        self._vectors: list[list[float]] = []

    @property
    def contents(self) -> Sequence[MemoryContent]:
        """Everything remembered, oldest first."""
        return tuple(self._contents)

    async def add(
        self, content: MemoryContent, cancellation_token: CancellationToken | None = None
    ) -> None:
        """Remember a text or a JSON object; ``InvalidInputError`` for images and bytes."""
        _text(content)
        self._contents.append(content)

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
        contents, vectors = self._contents, self._vectors  # clear() leaves these to us
        known = len(vectors)
        new = [_text(content) for content in contents[known:]]
        call = self.embeddings.embed([text, *new])
        wanted, *vectors[known : known + len(new)] = await cancellable(call, cancellation_token)
        pairs = zip(vectors, contents, strict=False)
        return MemoryQueryResult(results=self._nearest(wanted, pairs, **kwargs))

    def _nearest(
        self,
        wanted: Sequence[float],
        pairs: Iterable[tuple[list[float], MemoryContent]],
        k: int | None = None,
        score_threshold: float | None = None,
    ) -> list[MemoryContent]:
        floor = self._config.score_threshold if score_threshold is None else score_threshold
        scored = [(_cosine(wanted, vector), content) for vector, content in pairs]
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
        self._contents, self._vectors = [], []

    async def close(self) -> None:
        """Nothing to do: connections close with their event loop."""

    def _to_config(self) -> LLMaaSMemoryConfig:
        return self._config.model_copy(update={"contents": list(self._contents)})

    @classmethod
    def _from_config(cls, config: LLMaaSMemoryConfig) -> Self:
        return cls(**{name: getattr(config, name) for name in config.model_fields_set | {"model"}})


def _text(content: MemoryContent) -> str:
    value = content.content
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    raise unusable(f"only texts and objects can be embedded, not {type(value).__name__}")


def _with_score(content: MemoryContent, score: float) -> MemoryContent:
    return content.model_copy(update={"metadata": {**(content.metadata or {}), "score": score}})


def _last_question(messages: Sequence[Any]) -> str:
    for message in reversed(messages):
        if isinstance(message, UserMessage):
            content = message.content
            parts = [content] if isinstance(content, str) else content
            return " ".join(part for part in parts if isinstance(part, str))
    return ""


def _cosine(a: Sequence[float], b: Sequence[float]) -> float:
    product: float = sum(map(mul, a, b))
    return product / (hypot(*a) * hypot(*b) or 1.0)
