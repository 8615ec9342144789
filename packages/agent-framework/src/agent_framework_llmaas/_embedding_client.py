"""Embedding client on the framework's public ``BaseEmbeddingClient``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from agent_framework import (
    BaseEmbeddingClient,
    Embedding,
    EmbeddingGenerationOptions,
    GeneratedEmbeddings,
)
from agent_framework.observability import EmbeddingTelemetryLayer
from typing_extensions import TypeVar

from agent_framework_llmaas._connection import (
    EMBEDDING_MODEL_VARIABLE,
    connection_to_dict,
    create_client,
    default_model,
)
from agent_framework_llmaas._responses import usage_details
from agent_framework_llmaas.errors import translate_errors
from llmaas import InvalidInputError
from llmaas.adapters import reject_unknown_arguments
from llmaas.model_names import EmbeddingModelName

if TYPE_CHECKING:
    from llmaas import AsyncLLMaaS, Embeddings


class LLMaaSEmbeddingOptions(EmbeddingGenerationOptions, total=False):
    """Options in addition to the framework's."""

    batch_size: int
    concurrency: int
    encoding_format: str
    """``float`` (the default) or ``base64``: the vectors are the same."""
    progress: Callable[[int, int], None]


OptionsT = TypeVar("OptionsT", bound=Any, default=LLMaaSEmbeddingOptions, covariant=True)


class RawLLMaaSEmbeddingClient(BaseEmbeddingClient[str, list[float], OptionsT], Generic[OptionsT]):
    """Embedding client without telemetry."""

    OTEL_PROVIDER_NAME: ClassVar[str] = "llmaas"
    INJECTABLE: ClassVar[set[str]] = {"client"}

    def __init__(
        self,
        model: EmbeddingModelName | None = None,
        *,
        api_key: str | Callable[[], Any] | None = None,
        base_url: str | None = None,
        client: AsyncLLMaaS | None = None,
        additional_properties: dict[str, Any] | None = None,
        **connection: Any,
    ) -> None:
        """Create the client; arguments are those of ``LLMaaSChatClient``.

        ``model`` defaults to ``LLMAAS_EMBEDDING_MODEL``.
        """
        super().__init__(additional_properties=additional_properties)
        reject_unknown_arguments(type(self), connection)
        self.model = default_model(model, EMBEDDING_MODEL_VARIABLE)
        self.client = create_client(client, api_key=api_key, base_url=base_url, **connection)
        self.base_url = self.client.settings.base_url

    def service_url(self) -> str:
        """Return the base URL of the service."""
        return self.base_url

    def to_dict(
        self, *, exclude: set[str] | None = None, exclude_none: bool = True
    ) -> dict[str, Any]:
        """Convert to plain values with connection settings; never a key, a proxy or a header."""
        fields = super().to_dict(exclude=exclude, exclude_none=exclude_none)
        return {**fields, **connection_to_dict(self.client, exclude)}

    async def get_embeddings(
        self, values: Sequence[str], *, options: OptionsT | None = None
    ) -> GeneratedEmbeddings[list[float], OptionsT]:
        """Embed texts in order. Sends no request for an empty sequence."""
        if not values:
            return GeneratedEmbeddings([], options=options)
        given: dict[str, Any] = {k: v for k, v in dict(options or {}).items() if v is not None}
        with translate_errors:
            embeddings = await self.client.embed(
                values, **{"isolate_errors": False, **self._with_model(given)}
            )
        return GeneratedEmbeddings(
            _to_embeddings(embeddings), options=options, usage=usage_details(embeddings.usage)
        )

    def _with_model(self, given: dict[str, Any]) -> dict[str, Any]:
        model = given.get("model") or self.model
        if not model:
            raise InvalidInputError(
                "model is missing. Pass model=... to the client or in the options."
            )
        return {**given, "model": model}


class LLMaaSEmbeddingClient(
    EmbeddingTelemetryLayer[str, list[float], OptionsT],
    RawLLMaaSEmbeddingClient[OptionsT],
    Generic[OptionsT],
):
    """Embedding client with telemetry."""

    DEFAULT_EXCLUDE: ClassVar[set[str]] = {
        *BaseEmbeddingClient.DEFAULT_EXCLUDE,
        "token_usage_histogram",
        "duration_histogram",
    }

    def __init__(
        self, model: str | None = None, *, otel_provider_name: str | None = None, **options: Any
    ) -> None:
        """Create the client; arguments are those of ``LLMaaSChatClient``.

        ``model`` defaults to ``LLMAAS_EMBEDDING_MODEL``.
        """
        super().__init__(model=model, otel_provider_name=otel_provider_name, **options)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the constructor arguments, without the key."""
        fields = {
            "model": self.model,
            "client": self.client,
            "otel_provider_name": self.otel_provider_name,
            "additional_properties": self.additional_properties,
        }
        return (_unpickle, (type(self), fields))


def _unpickle(client_class: type[Any], fields: dict[str, Any]) -> Any:
    return client_class(**fields)


def _to_embeddings(embeddings: Embeddings) -> list[Embedding[list[float]]]:
    return [
        Embedding(vector=vector, dimensions=len(vector), model=embeddings.model)
        for vector in embeddings.vectors
    ]
