"""Embedding class ``LLMaaSEmbedding``."""

from __future__ import annotations

from typing import Any, cast

from llama_index.core.base.embeddings.base import BaseEmbedding
from pydantic import AliasChoices, Field

from llama_index.llms.llmaas.connection import Connection
from llama_index.llms.llmaas.cost import emit_cost, partial_cost
from llmaas import Embeddings, catalog
from llmaas.model_names import EmbeddingModelName
from llmaas.pricing import estimate_tokens

Vector = list[float]


class LLMaaSEmbedding(Connection, BaseEmbedding):
    """Embeddings of texts, in order. Equal texts are sent once.

    A refused text raises an error that names it, because an index must not lose a text silently.
    ``error.partial.vectors`` holds the vectors received before. Each call emits its cost as a
    ``CostEvent``.
    """

    model_name: EmbeddingModelName = Field(validation_alias=AliasChoices("model_name", "model"))
    """Name of an embedding model."""
    embed_batch_size: int = Field(default=256, gt=0, le=2048)
    """Texts that LlamaIndex submits per call. Defaults to 256."""
    request_size: int = Field(default=64, ge=1)
    """Texts per request, halved if the service refuses the number. Defaults to 64."""
    concurrency: int = Field(default=4, ge=1)
    """Maximum parallel requests. Defaults to 4."""
    dimensions: int | None = None
    """Size of a vector. Defaults to the model's size, which is not sent."""
    additional_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Additional parameters of each request."""

    @property
    def vector_size(self) -> int | None:
        """Size of a vector; None if it is unknown."""
        known = catalog.find_model(self.model_name, self.profile)
        return self.dimensions or (known.dimensions if known else None)

    @property
    def context(self) -> int | None:
        """Maximum tokens of a text; None if it is unknown."""
        known = catalog.find_model(self.model_name, self.profile)
        return known.context if known else None

    def get_num_tokens(self, text: str) -> int:
        """Estimate the tokens of a text, at four characters per token. Downloads nothing."""
        return estimate_tokens(text)

    @classmethod
    def class_name(cls) -> str:
        """Return the name in serialized objects."""
        return "LLMaaSEmbedding"

    def _embed(self, texts: list[str]) -> list[Vector]:
        with partial_cost("embeddings"):
            return _vectors(self.client.embed(texts, **self._options()))

    async def _aembed(self, texts: list[str]) -> list[Vector]:
        with partial_cost("embeddings"):
            return _vectors(await self.async_client.embed(texts, **self._options()))

    def _get_query_embedding(self, query: str) -> Vector:
        return self._embed([query])[0]

    async def _aget_query_embedding(self, query: str) -> Vector:
        return (await self._aembed([query]))[0]

    def _get_text_embedding(self, text: str) -> Vector:
        return self._embed([text])[0]

    async def _aget_text_embedding(self, text: str) -> Vector:
        return (await self._aembed([text]))[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[Vector]:
        return self._embed(texts)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[Vector]:
        return await self._aembed(texts)

    def _options(self) -> Any:
        return {
            "model": self.model_name,
            "batch_size": self.request_size,
            "concurrency": self.concurrency,
            "dimensions": self.dimensions,
            "isolate_errors": False,
            **self.additional_kwargs,
        }


def _vectors(embedded: Embeddings) -> list[Vector]:
    emit_cost("embeddings", embedded.model, embedded.cost_micro_eur, embedded.usage)
    return cast("list[Vector]", embedded.vectors)
