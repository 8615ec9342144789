"""``LLMaaSRerank``: a document compressor that ranks by relevance."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from pydantic import Field

from langchain_llmaas.connection import MODEL_CONFIG, ConnectionMixin
from langchain_llmaas.cost import record_cost, record_partial_cost
from langchain_llmaas.errors import translate_errors
from llmaas import RerankResponse
from llmaas.model_names import RerankModelName

logger = logging.getLogger(__name__)
Rankable = str | Document | Mapping[str, Any]


class LLMaaSRerank(ConnectionMixin, BaseDocumentCompressor):
    """Ranks documents by relevance to a query, for ``ContextualCompressionRetriever`` and others.

    Every submitted document is billed, regardless of ``top_n``.
    """

    model_config = MODEL_CONFIG

    model: RerankModelName
    top_n: int | None = Field(default=3, ge=1)
    """Maximum number of documents to return; None returns all. Defaults to 3."""
    min_score: float | None = None
    """Minimum normalized score (0..1) of a document."""
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
        """Rank documents; return ``{"index", "relevance_score", "normalized_score"}``, best first.

        ``relevance_score`` is the service's logit; the normalized score lies within 0..1.
        ``rank_fields`` selects the fields of documents that are dicts.
        """
        if not documents:
            return []
        with translate_errors, record_partial_cost():
            ranking = self.client.rerank(
                **self._build_request(documents, query, model, top_n, rank_fields)
            )
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
        """Asynchronous version of ``rerank``."""
        if not documents:
            return []
        with translate_errors, record_partial_cost():
            request = self._build_request(documents, query, model, top_n, rank_fields)
            ranking = await self.async_client.rerank(**request)
        return self._entries(ranking)

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Return copies of the best documents, with ``relevance_score`` in their metadata."""
        return _select(documents, self.rerank(documents, query))

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Return copies of the best documents, with ``relevance_score`` in their metadata."""
        return _select(documents, await self.arerank(documents, query))

    def _build_request(
        self,
        documents: Sequence[Rankable],
        query: str,
        model: str | None,
        top_n: int | None,
        fields: Sequence[str] | None,
    ) -> Any:
        if isinstance(documents, str):  # each character would be a document
            raise TypeError(f"documents must be a list, got {documents!r:.80}.")
        return {
            "query": query,
            "documents": [_to_text(document, fields) for document in documents],
            "model": model or self.model,
            "top_n": self.top_n if top_n == -1 else top_n,
            **self.model_kwargs,
        }

    def _entries(self, ranking: RerankResponse) -> list[dict[str, Any]]:
        record_cost(ranking.model, ranking.cost_micro_eur)
        for error in ranking.errors.values():
            logger.warning("A document was not ranked: %s", error)
        return [
            {
                "index": ranked.index,
                "relevance_score": ranked.relevance_score,
                "normalized_score": ranked.normalized_score,
            }
            for ranked in ranking.results
            if self.min_score is None or ranked.normalized_score >= self.min_score
        ]


def _select(documents: Sequence[Document], entries: Sequence[Mapping[str, Any]]) -> list[Document]:
    return [_with_score(documents[entry["index"]], entry["relevance_score"]) for entry in entries]


def _with_score(document: Document, score: float) -> Document:
    copy = document.model_copy(deep=True)
    copy.metadata["relevance_score"] = score
    return copy


def _to_text(document: Rankable, fields: Sequence[str] | None) -> str:
    if isinstance(document, str):
        return document
    if isinstance(document, Document):
        return document.page_content
    return "\n".join(f"{name}: {document[name]}" for name in fields or document)
