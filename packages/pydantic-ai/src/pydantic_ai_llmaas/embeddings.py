"""Embedding model ``LLMaaSEmbeddingModel``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic_ai.embeddings import EmbeddingModel, EmbeddingResult, EmbeddingSettings
from pydantic_ai.embeddings.result import EmbedInputType

from llmaas import catalog
from llmaas.model_names import EmbeddingModelName
from llmaas.pricing import estimate_tokens
from pydantic_ai_llmaas.connection import NAME, LLMaaSProvider
from pydantic_ai_llmaas.errors import translate_errors
from pydantic_ai_llmaas.responses import to_usage

if TYPE_CHECKING:
    from llmaas import Embeddings


@dataclass(init=False)
class LLMaaSEmbeddingModel(EmbeddingModel):
    """Embeddings for ``pydantic_ai.Embedder``, in parallel batches. Equal texts are sent once."""

    _model_name: str = field(repr=False)
    _provider: LLMaaSProvider = field(repr=False)

    def __init__(
        self,
        model_name: EmbeddingModelName,
        *,
        provider: LLMaaSProvider | Literal["llmaas"] = "llmaas",
        settings: EmbeddingSettings | None = None,
    ) -> None:
        """Configure a model. ``provider`` defaults to a provider from the environment."""
        self._model_name = model_name
        self._provider = LLMaaSProvider() if isinstance(provider, str) else provider
        super().__init__(settings=settings)

    @property
    def base_url(self) -> str:
        """The address of the service."""
        return self._provider.base_url

    @property
    def model_name(self) -> str:
        """The requested model."""
        return self._model_name

    @property
    def system(self) -> str:
        """The provider name: ``llmaas``."""
        return self._provider.name

    async def embed(
        self,
        inputs: str | Sequence[str],
        *,
        input_type: EmbedInputType,
        settings: EmbeddingSettings | None = None,
    ) -> EmbeddingResult:
        """Embed texts as one vector each, in order.

        Raises the error of the first refused text. The error names its position.
        """
        texts, merged = self.prepare_embed(inputs, settings)
        options = _options(dict(merged))
        with translate_errors(model_name=self._model_name):
            found = await self._provider.client.embed(
                texts, model=self._model_name, isolate_errors=False, **options
            )
        return EmbeddingResult(
            embeddings=found.vectors,
            inputs=texts,
            input_type=input_type,
            model_name=found.model,
            provider_name=NAME,
            usage=to_usage(found.usage),
            provider_details=_details(found),
        )

    async def max_input_tokens(self) -> int | None:
        """Return the model's maximum input in tokens, or None for an unknown model."""
        model = catalog.find_model(self._model_name, self._provider.client.settings.profile)
        return None if model is None else model.context

    async def count_tokens(self, text: str) -> int:
        """Estimate the tokens of a text by the service's rule: four characters per token."""
        return estimate_tokens(text)


def _options(settings: dict[str, Any]) -> dict[str, Any]:
    options = {
        name: settings[name]
        for name in ("dimensions", "extra_headers", "extra_body")
        if settings.get(name) is not None
    }
    if settings.get("truncate"):  # -1 means the model's limit (vLLM)
        options["truncate_prompt_tokens"] = -1
    return options


def _details(found: Embeddings) -> dict[str, Any] | None:
    cost = found.cost_micro_eur
    return None if cost is None else {"cost_eur": cost / 1_000_000}
