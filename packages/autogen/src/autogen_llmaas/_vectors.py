"""Vectors of remembered texts, each embedded once despite errors and concurrent queries."""

from __future__ import annotations

import asyncio
import logging
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from autogen_llmaas._query_text import shorten_query
from autogen_llmaas.embeddings import LLMaaSEmbeddings
from llmaas.adapters import may_concern_a_text

_logger = logging.getLogger("autogen_llmaas")
_MAX_CACHED_QUERIES = 64
T = TypeVar("T")
_MAX_ROUNDS = 3
"""Attempts to embed all texts with one model when a fallback answers meanwhile."""


class TextVectors:
    """Vectors by text, all by the model that answered last."""

    def __init__(self, embeddings: LLMaaSEmbeddings, model: str | None = None) -> None:
        self.model = model
        self.known: dict[str, array[float]] = {}
        self._rejected: set[str] = set()
        self._query_vectors: dict[str, array[float]] = {}
        self._embeddings = embeddings
        self._locks: dict[asyncio.AbstractEventLoop, asyncio.Lock] = {}

    async def complete(self, query: str, texts: Sequence[str]) -> array[float] | None:
        """Embed the missing texts and the query; return the query's vector.

        A rejected text is skipped with a warning and not sent again. A query that is too long is
        shortened; returns None if it is rejected for another reason.
        """
        for _ in range(_MAX_ROUNDS):
            if not self._missing(texts):
                break
            async with self._lock():  # a concurrent query waits and finds the texts embedded
                if missing := self._missing(texts):
                    new_query = [] if query in missing or self._get_query_vector(query) else [query]
                    await self._embed([*new_query, *missing], *new_query)
        return self._get_query_vector(query) or await self._embed_query(query)

    def comparable(
        self, query_vector: array[float], contents: Sequence[tuple[T, str]]
    ) -> list[tuple[array[float], T]]:
        """Return the contents whose vectors compare with the query's, each with its vector."""
        found = ((self.known.get(text), content) for content, text in contents)
        return [
            (v, content) for v, content in found if v is not None and len(v) == len(query_vector)
        ]

    async def _embed_query(self, query: str) -> array[float] | None:
        text = query
        while text.strip():
            error = await self._embed([text], text)
            if error is None:
                self._cache_query(query, self._query_vectors.pop(text))
                return self._get_query_vector(query)
            text = shorten_query(text, error)
        _logger.warning("The query was rejected. The memory returns no contents.")
        return None

    async def _embed(self, texts: list[str], query: str | None = None) -> Exception | None:
        """Embed texts; return the error that rejected the query, if any."""

        def keep(start: int, vectors: Sequence[Any]) -> None:
            for text, vector in zip(texts[start:], vectors, strict=False):
                if vector is not None:
                    self._keep(text, array("f", vector), is_query=text == query)

        rejection = None
        for position, error in (await self._embed_isolated(texts, keep)).items():
            if texts[position] == query:
                rejection = error
            elif texts[position] not in self._rejected:
                self._rejected.add(texts[position])
                _logger.warning("A content was rejected and is not searchable: %s", error)
        return rejection

    async def _embed_isolated(
        self, texts: list[str], keep: Callable[[int, Sequence[Any]], None]
    ) -> Mapping[int, Exception]:
        """Embed texts; return errors by position, also for a single text."""
        try:
            answer = await self._embeddings.embed_each(
                texts, on_batch=keep, on_model=self._on_model
            )
        except Exception as error:
            if len(texts) > 1 or not may_concern_a_text(error, ("model",)):
                raise
            return {0: error}
        return answer.errors

    def _keep(self, text: str, vector: array[float], *, is_query: bool) -> None:
        if is_query:
            self._cache_query(text, vector)
        else:
            self.known[text] = vector

    def _cache_query(self, text: str, vector: array[float]) -> None:
        while len(self._query_vectors) >= _MAX_CACHED_QUERIES:
            self._query_vectors.pop(next(iter(self._query_vectors)))
        self._query_vectors[text] = vector

    def _get_query_vector(self, query: str) -> array[float] | None:
        return self.known.get(query) or self._query_vectors.get(query)

    def _missing(self, texts: Sequence[str]) -> list[str]:
        known, refused = self.known, self._rejected
        return [t for t in dict.fromkeys(texts) if t not in known and t not in refused]

    def _on_model(self, model: str) -> None:
        """Discard vectors of another model, which do not compare."""
        if self.model is not None and model != self.model:
            self.known.clear()
            self._query_vectors.clear()
            self._rejected.clear()
        self.model = model

    def _lock(self) -> asyncio.Lock:
        return self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
