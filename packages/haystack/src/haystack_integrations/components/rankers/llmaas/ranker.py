"""``LLMaaSRanker``: documents by relevance to a query."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict, logging
from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from llmaas import RerankResponse, RerankResult
from llmaas.adapters import redact_options

logger = logging.getLogger(__name__)


@component
class LLMaaSRanker(ConnectionMixin):
    """Orders documents by how relevant a reranking model finds them.

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
        model: str = "qwen3-reranker:4b",
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
        """Keep the settings; the key is read and the connection opened by the first run.

        :param api_key: The key; the environment variable `LLMAAS_API_KEY` unless said.
        :param model: A reranking model's name.
        :param top_k: The most documents to return. All that are submitted are billed.
        :param api_base_url: The address; `LLMAAS_BASE_URL`, then the service's, unless said.
        :param meta_fields_to_embed: Fields of `meta` to judge with the text.
        :param embedding_separator: Put between these fields and the text.
        :param score_threshold: Leave out documents with a lower score.
        :param scale_score: Give scores between 0 and 1, the logistic function of the raw ones.
        :param timeout: The longest silence in seconds; 600 unless said.
        :param max_retries: How often a failed request is repeated; 2 unless said.
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
        told = self.ranking_kwargs
        return default_to_dict(
            self,
            **({"ranking_kwargs": redact_options(told)} if told else {}),
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
        """Order documents.

        :param query: What is looked for.
        :param documents: The documents to order.
        :param top_k: Used instead of the constructor's.
        :returns: `{"documents": the best, best first, "meta": model, usage, backend and cost}`
        """
        asked, wanted = _drop_empty(documents), self._wanted(top_k)
        texts = [self._text_of(document) for document in asked]
        ranking = self._get_client().rerank(query, texts, **self._options(wanted))
        return self._result(documents, asked, ranking, wanted)

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    async def run_async(
        self, query: str, documents: list[Document], top_k: int | None = None
    ) -> dict[str, Any]:
        """Order documents, without blocking the event loop.

        :param query: What is looked for.
        :param documents: The documents to order.
        :param top_k: Used instead of the constructor's.
        :returns: As `run`.
        """
        asked, wanted = _drop_empty(documents), self._wanted(top_k)
        texts = [self._text_of(document) for document in asked]
        ranking = await self._get_async_client().rerank(query, texts, **self._options(wanted))
        return self._result(documents, asked, ranking, wanted)

    def _wanted(self, top_k: int | None) -> int:
        return self.top_k if top_k is None else _check_top_k(top_k)

    def _options(self, wanted: int) -> dict[str, Any]:
        more = self.ranking_kwargs or {}
        return {"model": self.model, "top_n": wanted, "return_documents": False, **more}

    def _text_of(self, document: Document) -> str:
        fields = (document.meta.get(name) for name in self.meta_fields_to_embed)
        parts = [str(value) for value in fields if value]
        return self.embedding_separator.join([*parts, document.content or ""])

    def _result(
        self, documents: list[Document], asked: list[Document], ranking: RerankResponse, wanted: int
    ) -> dict[str, Any]:
        scored = [(asked[ranked.index], self._score(ranked)) for ranked in ranking.results]
        floor = self.score_threshold
        best = [replace(d, score=score) for d, score in scored if floor is None or score >= floor]
        if floor is None:  # what has no text has no score, and comes last
            refused = [asked[index] for index in sorted(ranking.errors)]
            best += [replace(d, score=None) for d in refused]
            best += [replace(d, score=None) for d in documents if not d.content]
        for error in ranking.errors.values():
            logger.warning("A document was not ranked: {error}", error=error)
        return {"documents": best[:wanted], "meta": _build_meta(ranking)}

    def _score(self, ranked: RerankResult) -> float:
        return ranked.normalized_score if self.scale_score else ranked.relevance_score


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
