"""``LLMaaSEmbeddingClient``: the framework's public base over the core's client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic

from agent_framework import (
    BaseEmbeddingClient,
    Embedding,
    EmbeddingGenerationOptions,
    GeneratedEmbeddings,
)
from agent_framework.observability import EmbeddingTelemetryLayer
from typing_extensions import TypeVar

from agent_framework_llmaas._connect import connected, plain_connection
from agent_framework_llmaas._responses import usage_details
from agent_framework_llmaas.errors import translate_errors
from llmaas import AsyncLLMaaS, Embeddings, InvalidInputError
from llmaas.adapters import reject_unknown_arguments


class LLMaaSEmbeddingOptions(EmbeddingGenerationOptions, total=False):
    """What LLMaaS takes beyond the framework's own options."""

    batch_size: int
    concurrency: int
    encoding_format: str
    """``float`` (the default) or ``base64``: the vectors are the same."""
    progress: Callable[[int, int], None]


OptionsT = TypeVar("OptionsT", bound=Any, default=LLMaaSEmbeddingOptions, covariant=True)


class RawLLMaaSEmbeddingClient(BaseEmbeddingClient[str, list[float], OptionsT], Generic[OptionsT]):
    """Embeddings on LLMaaS without telemetry."""

    OTEL_PROVIDER_NAME: ClassVar[str] = "llmaas"
    INJECTABLE: ClassVar[set[str]] = {"client"}

    def __init__(
        self,
        model: str | None = None,
        *,
        api_key: str | Callable[[], Any] | None = None,
        base_url: str | None = None,
        client: AsyncLLMaaS | None = None,
        additional_properties: dict[str, Any] | None = None,
        **connection: Any,
    ) -> None:
        """Connect as ``LLMaaSChatClient`` does."""
        super().__init__(additional_properties=additional_properties)
        reject_unknown_arguments(type(self), connection)
        self.model = model
        self.client = connected(client, api_key=api_key, base_url=base_url, **connection)
        self.base_url = self.client.settings.base_url

    def service_url(self) -> str:
        """Return the address of the service."""
        return self.base_url

    def to_dict(
        self, *, exclude: set[str] | None = None, exclude_none: bool = True
    ) -> dict[str, Any]:
        """Return plain values, how to connect among them; never a key, a proxy or a header."""
        told = super().to_dict(exclude=exclude, exclude_none=exclude_none)
        return {**told, **plain_connection(self.client, exclude)}

    async def get_embeddings(
        self, values: Sequence[str], *, options: OptionsT | None = None
    ) -> GeneratedEmbeddings[list[float], OptionsT]:
        """Return one embedding a text, in their order; none for none."""
        if not values:
            return GeneratedEmbeddings([], options=options)
        asked: dict[str, Any] = {k: v for k, v in dict(options or {}).items() if v is not None}
        with translate_errors:
            found = await self.client.embed(
                values, **{"isolate_errors": False, **self._named(asked)}
            )
        return GeneratedEmbeddings(
            _embeddings(found), options=options, usage=usage_details(found.usage)
        )

    def _named(self, asked: dict[str, Any]) -> dict[str, Any]:
        model = asked.get("model") or self.model
        if not model:
            raise InvalidInputError("No model: pass model=... to the client or in the options")
        return {**asked, "model": model}


class LLMaaSEmbeddingClient(
    EmbeddingTelemetryLayer[str, list[float], OptionsT],
    RawLLMaaSEmbeddingClient[OptionsT],
    Generic[OptionsT],
):
    """Embeddings on LLMaaS, traced."""

    DEFAULT_EXCLUDE: ClassVar[set[str]] = {
        *BaseEmbeddingClient.DEFAULT_EXCLUDE,
        "token_usage_histogram",
        "duration_histogram",
    }

    def __init__(
        self, model: str | None = None, *, otel_provider_name: str | None = None, **options: Any
    ) -> None:
        """Connect as ``LLMaaSChatClient`` does."""
        super().__init__(model=model, otel_provider_name=otel_provider_name, **options)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy what the constructor was told; the key stays out."""
        told = {
            "model": self.model,
            "client": self.client,
            "otel_provider_name": self.otel_provider_name,
            "additional_properties": self.additional_properties,
        }
        return (_rebuilt, (type(self), told))


def _rebuilt(kind: type[Any], told: dict[str, Any]) -> Any:
    return kind(**told)


def _embeddings(found: Embeddings) -> list[Embedding[list[float]]]:
    return [
        Embedding(vector=vector, dimensions=len(vector), model=found.model)
        for vector in found.vectors
    ]
