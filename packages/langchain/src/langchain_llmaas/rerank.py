"""``LLMaaSRerank``: documents by relevance, for ``ContextualCompressionRetriever`` and others."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from pydantic import Field

from langchain_llmaas.connection import CONFIG, Connected
from langchain_llmaas.cost import note, noting_partial
from langchain_llmaas.errors import translate_errors
from llmaas import RerankResponse

logger = logging.getLogger(__name__)
Rankable = str | Document | Mapping[str, Any]


class LLMaaSRerank(Connected, BaseDocumentCompressor):
    """Ranks documents by what they say about a query.

    Every submitted document is billed, whatever ``top_n``.
    """

    model_config = CONFIG

    model: str
    top_n: int | None = Field(default=3, ge=1)
    """How many documents to keep; None keeps all."""
    min_score: float | None = None
    """Documents below this normalised score (0..1) are dropped."""
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further parameters of the request, such as ``truncate_prompt_tokens``."""

    def rerank(
        self,
        documents: Sequence[Rankable],
        query: str,
        *,
        model: str | None = None,
        top_n: int | None = -1,
        rank_fields: Sequence[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Return ``{"index", "relevance_score", "normalized_score"}`` by falling relevance.

        The raw score is the service's logit; the normalised one lies within 0..1.
        ``rank_fields`` names what to read of documents that are dicts.
        """
        if not documents:
            return []
        with translate_errors, noting_partial():
            ranking = self.client.rerank(**self._ask(documents, query, model, top_n, rank_fields))
        return self._entries(ranking)

    async def arerank(
        self,
        documents: Sequence[Rankable],
        query: str,
        *,
        model: str | None = None,
        top_n: int | None = -1,
        rank_fields: Sequence[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Return what ``rerank`` returns."""
        if not documents:
            return []
        with translate_errors, noting_partial():
            ask = self._ask(documents, query, model, top_n, rank_fields)
            ranking = await self.async_client.rerank(**ask)
        return self._entries(ranking)

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Return the best documents as copies, ``relevance_score`` in their metadata."""
        return _kept(documents, self.rerank(documents, query))

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Return the best documents as copies, ``relevance_score`` in their metadata."""
        return _kept(documents, await self.arerank(documents, query))

    def _ask(
        self,
        documents: Sequence[Rankable],
        query: str,
        model: str | None,
        top_n: int | None,
        fields: Sequence[str] | None,
    ) -> Any:
        return {
            "query": query,
            "documents": [_text(document, fields) for document in documents],
            "model": model or self.model,
            "top_n": self.top_n if top_n == -1 else top_n,
            **self.model_kwargs,
        }

    def _entries(self, ranking: RerankResponse) -> list[dict[str, Any]]:
        note(ranking.model, ranking.cost_micro_eur)
        for error in ranking.errors.values():
            logger.warning("A document was left out of a ranking: %s", error)
        return [
            {
                "index": ranked.index,
                "relevance_score": ranked.relevance_score,
                "normalized_score": ranked.normalized_score,
            }
            for ranked in ranking.results
            if self.min_score is None or ranked.normalized_score >= self.min_score
        ]


def _kept(documents: Sequence[Document], entries: Sequence[Mapping[str, Any]]) -> list[Document]:
    return [_scored(documents[entry["index"]], entry["relevance_score"]) for entry in entries]


def _scored(document: Document, score: float) -> Document:
    copy = document.model_copy(deep=True)
    copy.metadata["relevance_score"] = score
    return copy


def _text(document: Rankable, fields: Sequence[str] | None) -> str:
    if isinstance(document, str):
        return document
    if isinstance(document, Document):
        return document.page_content
    return "\n".join(f"{name}: {document[name]}" for name in fields or document)
