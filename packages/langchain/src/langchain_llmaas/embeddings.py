"""``LLMaaSEmbeddings``: LangChain's embeddings over the service."""

from __future__ import annotations

from typing import Any, cast

from langchain_core.embeddings import Embeddings
from pydantic import Field

from langchain_llmaas.connection import Connected
from langchain_llmaas.cost import note
from langchain_llmaas.seam import SEAM
from llmaas.types import Embeddings as Embedded


class LLMaaSEmbeddings(Connected, Embeddings):
    """Vectors for texts: strings on the wire, several requests at once, order kept.

    The service refuses token arrays, and truncates nothing: split long texts before.
    """

    model: str
    chunk_size: int = Field(default=64, ge=1)
    """Texts in one request."""
    concurrency: int = Field(default=4, ge=1)
    """Requests at once."""
    dimensions: int | None = None
    model_kwargs: dict[str, Any] = Field(default_factory=dict)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector a text."""
        if not texts:
            return []
        with SEAM:
            return _vectors(self.client.embed([*texts], **self._ask()))

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return self.embed_documents([text])[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector a text."""
        if not texts:
            return []
        with SEAM:
            return _vectors(await self.async_client.embed([*texts], **self._ask()))

    async def aembed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return (await self.aembed_documents([text]))[0]

    def _ask(self) -> Any:
        """Return the options; a refused text raises, as a store must not lose one silently."""
        return {
            "model": self.model,
            "batch_size": self.chunk_size,
            "concurrency": self.concurrency,
            "dimensions": self.dimensions,
            "isolate": False,
            **self.model_kwargs,
        }


def _vectors(embedded: Embedded) -> list[list[float]]:
    tokens = embedded.usage.prompt_tokens if embedded.usage else 0
    note(embedded.model, embedded.cost_micro_eur, input_tokens=tokens)
    return cast("list[list[float]]", embedded.vectors)
