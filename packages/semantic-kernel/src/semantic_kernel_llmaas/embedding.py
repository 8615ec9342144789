"""Embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from pydantic import Field
from semantic_kernel.connectors.ai.embedding_generator_base import EmbeddingGeneratorBase

from llmaas import Embeddings, catalog
from semantic_kernel_llmaas.errors import translate_errors
from semantic_kernel_llmaas.service import ApiKey, Connection, LLMaaSService
from semantic_kernel_llmaas.settings import LLMaaSEmbeddingPromptExecutionSettings

if TYPE_CHECKING:
    from numpy import ndarray
    from semantic_kernel.connectors.ai.prompt_execution_settings import PromptExecutionSettings


class LLMaaSTextEmbedding(LLMaaSService, EmbeddingGeneratorBase):
    """An embedding model of LLMaaS. Long lists travel in batches, several at once.

    Give it a ``service_id`` of its own beside a chat service with the same model.
    """

    MODEL_FIELD: ClassVar[str] = "embedding_model_id"

    batch_size: int | None = Field(default=None, gt=0)
    """Texts in one request, where the settings of a call do not tell. Defaults to 64."""
    concurrency: int | None = Field(default=None, gt=0)
    """Requests at once, where the settings of a call do not tell. Defaults to 4."""

    def __init__(
        self,
        ai_model_id: str | None = None,
        service_id: str | None = None,
        api_key: ApiKey = None,
        base_url: str | None = None,
        *,
        batch_size: int | None = None,
        concurrency: int | None = None,
        **options: Unpack[Connection],
    ) -> None:
        """Read the arguments, then ``LLMAAS_*`` of the environment, then the ``.env`` file."""
        self._start(
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
        """Numbers of a vector of the model; None where the catalog does not tell."""
        known = catalog.get(self.ai_model_id)
        return known.dimensions if known else None

    @property
    def context(self) -> int | None:
        """The most tokens of one text; None where the catalog does not tell."""
        known = catalog.get(self.ai_model_id)
        return known.context if known else None

    def get_prompt_execution_settings_class(self) -> type[PromptExecutionSettings]:
        """Return the settings that say everything the service takes."""
        return LLMaaSEmbeddingPromptExecutionSettings

    async def generate_embeddings(
        self, texts: list[str], settings: PromptExecutionSettings | None = None, **kwargs: Any
    ) -> ndarray:
        """Return one row a text; an empty array for no text, without asking."""
        import numpy

        return numpy.array((await self.embed(texts, settings, numpy=True, **kwargs)).vectors)

    async def generate_raw_embeddings(
        self, texts: list[str], settings: PromptExecutionSettings | None = None, **kwargs: Any
    ) -> list[list[float]]:
        """Return one list of numbers a text."""
        return (await self.embed(texts, settings, **kwargs)).vectors

    async def embed(
        self, texts: list[str], settings: PromptExecutionSettings | None = None, **kwargs: Any
    ) -> Embeddings:
        """Return the core's embeddings: tokens and cost, too."""
        own = self.get_prompt_execution_settings_from_settings(
            settings or LLMaaSEmbeddingPromptExecutionSettings()
        )
        assert isinstance(own, LLMaaSEmbeddingPromptExecutionSettings)
        sizes = {"batch_size": self.batch_size, "concurrency": self.concurrency}
        given = {name: value for name, value in sizes.items() if value is not None}
        options = {"isolate_errors": False, **given, **own.request(self.ai_model_id), **kwargs}
        with translate_errors:
            return await self.client.embed(texts, **options)
