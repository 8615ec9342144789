"""Reranking: a plugin for models, and a function over search results for programs."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from typing import Annotated, Any, ClassVar, TypedDict, TypeVar, Unpack

from semantic_kernel.functions import kernel_function

from llmaas import RerankResponse
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.service import ApiKey, Connection, LLMaaSService

Result = TypeVar("Result")


class RankedDocument(TypedDict):
    """A document of a ranking, its position in the input and its raw score (a logit)."""

    index: int
    relevance_score: float
    document: str


class _Reranker(LLMaaSService):
    MODEL_FIELD: ClassVar[str] = "rerank_model_id"

    def __init__(
        self,
        ai_model_id: str | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` of the environment, then the ``.env`` file."""
        self._start(ai_model_id, service_id, api_key, base_url, options)


class LLMaaSRerankPlugin:
    """A reranking model of LLMaaS. ``kernel.add_plugin(LLMaaSRerankPlugin(...), "rerank")``.

    All documents that are submitted are billed.
    """

    def __init__(
        self,
        ai_model_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` of the environment, then the ``.env`` file."""
        self._service = _Reranker(ai_model_id, None, api_key, base_url, **options)

    @property
    def ai_model_id(self) -> str:
        """The model that ranks."""
        return self._service.ai_model_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}(ai_model_id={self.ai_model_id!r})"

    @kernel_function(name="rerank", description="Sort documents by their relevance to a query")
    async def rerank(
        self,
        query: Annotated[str, "What is asked"],
        documents: Annotated[list[str], "The texts to sort"],
        top_n: Annotated[int | None, "How many to return; all unless said"] = None,
    ) -> list[RankedDocument]:
        """Return documents by falling relevance."""
        ranking = await self.ranking(query, documents, top_n=top_n)
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
        """Return search results (``KernelSearchResults.results``, a list) with their new scores.

        ``text`` says what of a result is to be read.
        """
        if isinstance(results, AsyncIterable):
            found = [result async for result in results]
        else:
            found = list(results)
        ranking = await self.ranking(query, [text(result) for result in found], top_n=top_n)
        return [(found[ranked.index], ranked.relevance_score) for ranked in ranking.results]

    async def ranking(self, query: str, documents: list[str], **options: Any) -> RerankResponse:
        """Return the core's ranking: tokens, cost and machine, too."""
        with translate_errors:
            return await self._service.client.rerank(
                query, documents, model=self.ai_model_id, **options
            )
