"""``LLMaaSRanker``: ranks documents by relevance to a query."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict, logging
from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from llmaas import RerankResponse, RerankResult
from llmaas.adapters import redact_options
from llmaas.model_names import RerankModelName

logger = logging.getLogger(__name__)


@component
class LLMaaSRanker(ConnectionMixin):
    """Ranks documents by the scores of a reranking model.

    ```python
    from haystack import Document
    from haystack_integrations.components.rankers.llmaas import LLMaaSRanker

    documents = [Document(content="Le chien court."), Document(content="Le chat dort.")]
    print(LLMaaSRanker(top_k=1).run("Où est le chat ?", documents)["documents"])
    ```
    """

    def __init__(
        self,
        api_key: Secret = DEFAULT_API_KEY,
        model: RerankModelName = "qwen3-reranker:4b",
        top_k: int = 10,
        api_base_url: str | None = None,
        meta_fields_to_embed: list[str] | None = None,
        embedding_separator: str = "\n",
        score_threshold: float | None = None,
        scale_score: bool = False,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        *,
        ranking_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Store the settings. The first run reads the key and opens the connection.

        :param api_key: The API key. Defaults to the environment variable `LLMAAS_API_KEY`.
        :param model: A reranking model's name. Defaults to `qwen3-reranker:4b`.
        :param top_k: Maximum number of documents to return. Defaults to 10. All submitted
            documents are billed.
        :param api_base_url: The base URL. Defaults to `LLMAAS_BASE_URL`, then the service.
        :param meta_fields_to_embed: Fields of `meta` to rank with the text. Defaults to none.
        :param embedding_separator: Separates these fields and the text. Defaults to a line feed.
        :param score_threshold: Drop documents with a lower score. Defaults to none.
        :param scale_score: Scale scores to 0..1 by the logistic function. Defaults to False.
        :param timeout: Read timeout in seconds. Defaults to 600.
        :param max_retries: Maximum retries of a failed request. Defaults to 2.
        :param http_client_kwargs: `proxy`, `headers`, `timeout` and `verify` (a CA bundle's path).
        :param ranking_kwargs: Further parameters of the request, such as
            `truncate_prompt_tokens`.
        """
        self._init_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)
        self.model = model
        self.top_k = _check_top_k(top_k)
        self.meta_fields_to_embed = meta_fields_to_embed or []
        self.embedding_separator = embedding_separator
        self.score_threshold = score_threshold
        self.scale_score = scale_score
        self.ranking_kwargs = ranking_kwargs

    def to_dict(self) -> dict[str, Any]:
        """Serialize this component to a dictionary.

        :returns: The serialized component as a dictionary.
        """
        kwargs = self.ranking_kwargs
        return default_to_dict(
            self,
            **({"ranking_kwargs": redact_options(kwargs)} if kwargs else {}),
            **self._connection_to_dict(),
            model=self.model,
            top_k=self.top_k,
            meta_fields_to_embed=self.meta_fields_to_embed,
            embedding_separator=self.embedding_separator,
            score_threshold=self.score_threshold,
            scale_score=self.scale_score,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LLMaaSRanker:
        """Deserialize this component from a dictionary.

        :param data: The dictionary representation of this component.
        :returns: The deserialized component instance.
        """
        ranker: LLMaaSRanker = default_from_dict(cls, data)
        return ranker

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    def run(
        self, query: str, documents: list[Document], top_k: int | None = None
    ) -> dict[str, Any]:
        """Rank documents.

        :param query: The query.
        :param documents: The documents to rank.
        :param top_k: Overrides the constructor's value.
        :returns: `{"documents": best first, "meta": model, usage, backend and cost}`
        """
        candidates, limit = _drop_empty(_check_inputs(query, documents)), self._limit(top_k)
        texts = [self._build_text(document) for document in candidates]
        ranking = self._get_client().rerank(query, texts, **self._options(limit))
        return self._result(documents, candidates, ranking, limit)

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    async def run_async(
        self, query: str, documents: list[Document], top_k: int | None = None
    ) -> dict[str, Any]:
        """Rank documents without blocking the event loop.

        :param query: The query.
        :param documents: The documents to rank.
        :param top_k: Overrides the constructor's value.
        :returns: As `run`.
        """
        candidates, limit = _drop_empty(_check_inputs(query, documents)), self._limit(top_k)
        texts = [self._build_text(document) for document in candidates]
        ranking = await self._get_async_client().rerank(query, texts, **self._options(limit))
        return self._result(documents, candidates, ranking, limit)

    def _limit(self, top_k: int | None) -> int:
        return self.top_k if top_k is None else _check_top_k(top_k)

    def _options(self, limit: int) -> dict[str, Any]:
        extra = self.ranking_kwargs or {}
        return {"model": self.model, "top_n": limit, "return_documents": False, **extra}

    def _build_text(self, document: Document) -> str:
        fields = (document.meta.get(name) for name in self.meta_fields_to_embed)
        parts = [str(value) for value in fields if value]
        return self.embedding_separator.join([*parts, document.content or ""])

    def _result(
        self,
        documents: list[Document],
        candidates: list[Document],
        ranking: RerankResponse,
        limit: int,
    ) -> dict[str, Any]:
        scored = [(candidates[ranked.index], self._score(ranked)) for ranked in ranking.results]
        threshold = self.score_threshold
        best = [
            replace(d, score=score)
            for d, score in scored
            if threshold is None or score >= threshold
        ]
        if threshold is None:  # documents without a score come last
            rejected = [candidates[index] for index in sorted(ranking.errors)]
            best += [replace(d, score=None) for d in rejected]
            best += [replace(d, score=None) for d in documents if not d.content]
        for error in ranking.errors.values():
            logger.warning("A document was not ranked: {error}", error=error)
        return {"documents": best[:limit], "meta": _build_meta(ranking)}

    def _score(self, ranked: RerankResult) -> float:
        return ranked.normalized_score if self.scale_score else ranked.relevance_score


def _check_inputs(query: Any, documents: Any) -> list[Document]:
    """Return the documents. Raises ``TypeError`` for inputs of other types."""
    if not isinstance(query, str):
        raise TypeError(f"query must be a string, got {type(query).__name__}.")
    if isinstance(documents, list) and all(isinstance(d, Document) for d in documents):
        return documents
    raise TypeError(f"documents must be a list of Documents, got {documents!r:.100}.")


def _drop_empty(documents: list[Document]) -> list[Document]:
    kept = [document for document in documents if document.content]
    if len(kept) < len(documents):
        count = len(documents) - len(kept)
        logger.warning("{count} documents have no text: they are ranked last.", count=count)
    return kept


def _check_top_k(top_k: int) -> int:
    if top_k <= 0:
        raise ValueError(f"top_k must be > 0, but got {top_k}")
    return top_k


def _build_meta(ranking: RerankResponse) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "model": ranking.model,
        "cost_eur": ranking.cost_micro_eur / 1_000_000,
        "usage": {},
    }
    if ranking.usage is not None:
        usage = ranking.usage
        counts = {"prompt_tokens": usage.prompt_tokens, "total_tokens": usage.total_tokens}
        meta["usage"] = dict(usage.extra) if "billed_units" in usage.extra else counts
    if ranking.backend is not None:
        meta["backend"] = ranking.backend.to_dict()
    return meta
