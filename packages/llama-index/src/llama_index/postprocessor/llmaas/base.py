"""Node postprocessor ``LLMaaSRerank``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llama_index.core.callbacks import CBEventType, EventPayload
from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle
from llama_index_instrumentation import get_dispatcher
from pydantic import Field

from llama_index.llms.llmaas.connection import Connection
from llama_index.llms.llmaas.cost import emit_cost, partial_cost
from llmaas import InvalidInputError, RerankResponse
from llmaas.model_names import RerankModelName

logger = logging.getLogger(__name__)
dispatcher = get_dispatcher(__name__)


class LLMaaSRerank(Connection, BaseNodePostprocessor):
    """Node postprocessor that keeps the nodes most relevant to the query.

    Scores are the service's raw logits, or 0 to 1 with ``normalize``. The input nodes keep
    their scores. The service bills every node, regardless of ``top_n``.
    """

    model: RerankModelName
    """Name of a rerank model."""
    top_n: int = Field(default=5, ge=1)
    """Maximum number of nodes to keep. Defaults to 5."""
    min_score: float | None = None
    """Drop nodes below this normalized score (0 to 1)."""
    normalize: bool = False
    """Whether scores are mapped to 0 to 1. Defaults to False."""
    metadata_mode: MetadataMode = MetadataMode.EMBED
    """Node metadata to rank with the text. Defaults to the metadata for embeddings."""
    additional_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Additional parameters of each request."""

    @classmethod
    def class_name(cls) -> str:
        """Return the name in serialized objects."""
        return "LLMaaSRerank"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if not nodes:
            return []
        with partial_cost("rerank"), self._reporting(nodes, query_bundle) as report:
            ranking = self.client.rerank(**self._request(nodes, query_bundle))
            return report(self._kept(nodes, ranking))

    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if not nodes:
            return []
        with partial_cost("rerank"), self._reporting(nodes, query_bundle) as report:
            ranking = await self.async_client.rerank(**self._request(nodes, query_bundle))
            return report(self._kept(nodes, ranking))

    def _request(self, nodes: list[NodeWithScore], query: QueryBundle | None) -> dict[str, Any]:
        return {
            "query": _required(query).query_str,
            "documents": [node.node.get_content(self.metadata_mode) for node in nodes],
            "model": self.model,
            "top_n": min(self.top_n, len(nodes)),
            **self.additional_kwargs,
        }

    def _kept(self, nodes: list[NodeWithScore], ranking: RerankResponse) -> list[NodeWithScore]:
        emit_cost("rerank", ranking.model, ranking.cost_micro_eur, ranking.usage)
        for error in ranking.errors.values():
            logger.warning("A node was left out of a ranking: %s", error)
        return [
            NodeWithScore(
                node=nodes[ranked.index].node,
                score=ranked.normalized_score if self.normalize else ranked.relevance_score,
            )
            for ranked in ranking.results[: self.top_n]
            if self.min_score is None or ranked.normalized_score >= self.min_score
        ]

    @contextmanager
    def _reporting(
        self, nodes: list[NodeWithScore], query: QueryBundle | None
    ) -> Iterator[Callable[[list[NodeWithScore]], list[NodeWithScore]]]:
        """Emit the start and end events to the instrumentation and the callbacks."""
        dispatcher.event(
            ReRankStartEvent(query=query, nodes=nodes, top_n=self.top_n, model_name=self.model)
        )
        payload: dict[str, Any] = {
            EventPayload.NODES: nodes,
            EventPayload.MODEL_NAME: self.model,
            EventPayload.QUERY_STR: query and query.query_str,
            EventPayload.TOP_K: self.top_n,
        }
        with self.callback_manager.event(CBEventType.RERANKING, payload=payload) as event:

            def report(kept: list[NodeWithScore]) -> list[NodeWithScore]:
                event.on_end(payload={EventPayload.NODES: kept})
                dispatcher.event(ReRankEndEvent(nodes=kept))
                return kept

            yield report


def _required(query: QueryBundle | None) -> QueryBundle:
    if query is None:
        raise InvalidInputError("query_bundle must be given to rank nodes, got None.")
    return query
