"""Embedding service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from pydantic import Field
from semantic_kernel.connectors.ai.embedding_generator_base import EmbeddingGeneratorBase

from llmaas import Embeddings, catalog
from llmaas.model_names import EmbeddingModelName
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.service import ApiKey, Connection, LLMaaSService
from semantic_kernel_llmaas.settings import LLMaaSEmbeddingPromptExecutionSettings

if TYPE_CHECKING:
    from numpy import ndarray
    from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings


class LLMaaSTextEmbedding(LLMaaSService, EmbeddingGeneratorBase):
    """Embeddings by a model of LLMaaS, in concurrent batches.

    Set ``service_id`` if a kernel also has a chat service with the same model.
    """

    MODEL_FIELD: ClassVar[str] = "embedding_model_id"

    batch_size: int | None = Field(default=None, gt=0)
    """Texts per request, unless a call's settings set it. Defaults to 64."""
    concurrency: int | None = Field(default=None, gt=0)
    """Concurrent requests, unless a call's settings set it. Defaults to 4."""

    def __init__(
        self,
        ai_model_id: EmbeddingModelName | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        *,
        batch_size: int | None = None,
        concurrency: int | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` variables, then the ``.env`` file."""
        self._initialize(
            ai_model_id,
            service_id,
            api_key,
            base_url,
            options,
            batch_size=batch_size,
            concurrency=concurrency,
        )

    @property
    def vector_size(self) -> int | None:
        """Dimensions of the model's vectors; None if unknown."""
        model = catalog.find_model(self.ai_model_id, self.client.settings.profile)
        return model.dimensions if model else None

    @property
    def context(self) -> int | None:
        """Maximum tokens of one text; None if unknown."""
        model = catalog.find_model(self.ai_model_id, self.client.settings.profile)
        return model.context if model else None

    def get_prompt_execution_settings_class(self) -> type[PromptExecutionSettings]:
        """Return the class of this service's settings."""
        return LLMaaSEmbeddingPromptExecutionSettings

    async def generate_embeddings(
        self, texts: list[str], settings: PromptExecutionSettings | None = None, **kwargs: Any
    ) -> ndarray:
        """Embed texts to an array with one row per text. Sends no request for an empty list."""
        import numpy

        return numpy.array((await self.embed(texts, settings, numpy=True, **kwargs)).vectors)

    async def generate_raw_embeddings(
        self, texts: list[str], settings: PromptExecutionSettings | None = None, **kwargs: Any
    ) -> list[list[float]]:
        """Embed texts to one list of numbers per text."""
        return (await self.embed(texts, settings, **kwargs)).vectors

    async def embed(
        self, texts: list[str], settings: PromptExecutionSettings | None = None, **kwargs: Any
    ) -> Embeddings:
        """Embed texts; return the core's result, which includes tokens and cost."""
        own = self.get_prompt_execution_settings_from_settings(
            settings or LLMaaSEmbeddingPromptExecutionSettings()
        )
        assert isinstance(own, LLMaaSEmbeddingPromptExecutionSettings)
        sizes = {"batch_size": self.batch_size, "concurrency": self.concurrency}
        given = {name: value for name, value in sizes.items() if value is not None}
        options = {"isolate_errors": False, **given, **own.to_request(self.ai_model_id), **kwargs}
        with translate_errors:
            return await self.client.embed(texts, **options)
