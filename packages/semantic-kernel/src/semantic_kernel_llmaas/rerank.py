"""Reranking as a kernel plugin and as a function over search results."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from typing import Annotated, Any, ClassVar, TypedDict, TypeVar, Unpack

from semantic_kernel.functions import kernel_function

from llmaas import RerankResponse
from llmaas.model_names import RerankModelName
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.service import ApiKey, Connection, LLMaaSService

Result = TypeVar("Result")


class RankedDocument(TypedDict):
    """A ranked document with its input position and its raw score (a logit)."""

    index: int
    relevance_score: float
    document: str


class _Reranker(LLMaaSService):
    MODEL_FIELD: ClassVar[str] = "rerank_model_id"

    @classmethod
    def _public_class(cls) -> type:
        return LLMaaSRerankPlugin

    def __init__(
        self,
        ai_model_id: RerankModelName | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` variables, then the ``.env`` file."""
        self._initialize(ai_model_id, service_id, api_key, base_url, options)


class LLMaaSRerankPlugin:
    """Reranking by a model of LLMaaS: ``kernel.add_plugin(LLMaaSRerankPlugin(...), "rerank")``.

    All submitted documents are billed.
    """

    def __init__(
        self,
        ai_model_id: RerankModelName | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` variables, then the ``.env`` file."""
        self._service = _Reranker(ai_model_id, None, api_key, base_url, **options)

    @property
    def ai_model_id(self) -> str:
        """The name of the reranking model."""
        return self._service.ai_model_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}(ai_model_id={self.ai_model_id!r})"

    @kernel_function(name="rerank", description="Sort documents by their relevance to a query")
    async def rerank(
        self,
        query: Annotated[str, "The search query"],
        documents: Annotated[list[str], "The texts to sort"],
        top_n: Annotated[int | None, "How many to return. Defaults to all"] = None,
    ) -> list[RankedDocument]:
        """Sort documents by descending relevance."""
        ranking = await self.rank(query, documents, top_n=top_n)
        return [
            {
                "index": ranked.index,
                "relevance_score": ranked.relevance_score,
                "document": documents[ranked.index],
            }
            for ranked in ranking.results
        ]

    async def rerank_results(
        self,
        query: str,
        results: AsyncIterable[Result] | Iterable[Result],
        *,
        text: Callable[[Result], str],
        top_n: int | None = None,
    ) -> list[tuple[Result, float]]:
        """Sort search results, such as ``KernelSearchResults.results``; return each with its score.

        ``text`` extracts the text of a result.
        """
        if isinstance(results, AsyncIterable):
            items = [result async for result in results]
        else:
            items = list(results)
        ranking = await self.rank(query, [text(result) for result in items], top_n=top_n)
        return [(items[ranked.index], ranked.relevance_score) for ranked in ranking.results]

    async def rank(self, query: str, documents: list[str], **options: Any) -> RerankResponse:
        """Return the core's response, which includes tokens, cost and machine."""
        with translate_errors:
            return await self._service.client.rerank(
                query, documents, model=self.ai_model_id, **options
            )
