"""``LLMaaSTextEmbedder``: embeds a query."""

from __future__ import annotations

from typing import Any

from haystack import component, default_from_dict, default_to_dict
from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from haystack_integrations.common.llmaas.embedding_run import DEFAULT_MODEL, build_meta
from haystack_integrations.common.llmaas.vector_size import VectorSizeMixin
from llmaas import Embeddings
from llmaas.adapters import redact_options
from llmaas.model_names import EmbeddingModelName


@component
class LLMaaSTextEmbedder(ConnectionMixin, VectorSizeMixin):
    """Embeds a string. Accepts the parameters of `OpenAITextEmbedder`.

    ```python
    from haystack_integrations.components.embedders.llmaas import LLMaaSTextEmbedder

    print(LLMaaSTextEmbedder(model="bge-m3:567m").run("Où dort le chat ?")["embedding"])
    ```
    """

    def __init__(
        self,
        api_key: Secret = DEFAULT_API_KEY,
        model: EmbeddingModelName = DEFAULT_MODEL,
        dimensions: int | None = None,
        api_base_url: str | None = None,
        organization: str | None = None,
        prefix: str = "",
        suffix: str = "",
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        *,
        embedding_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Store the settings. The first run reads the key and opens the connection.

        :param api_key: The API key. Defaults to the environment variable `LLMAAS_API_KEY`.
        :param model: An embedding model's name. Defaults to `bge-m3:567m`.
        :param dimensions: Size of a vector. Defaults to the model's own size, which is never sent.
        :param api_base_url: The base URL. Defaults to `LLMAAS_BASE_URL`, then the service.
        :param organization: Accepted for compatibility; the service has no organizations.
        :param prefix: Prepended to the text.
        :param suffix: Appended to the text.
        :param timeout: Read timeout in seconds. Defaults to 600.
        :param max_retries: Maximum retries of a failed request. Defaults to 2.
        :param http_client_kwargs: `proxy`, `headers`, `timeout` and `verify` (a CA bundle's path).
        :param embedding_kwargs: Further parameters of the request, such as
            `truncate_prompt_tokens`.
        """
        self._init_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)
        self.model = model
        self.dimensions = dimensions
        self.organization = organization
        self.prefix = prefix
        self.suffix = suffix
        self.embedding_kwargs = embedding_kwargs

    def to_dict(self) -> dict[str, Any]:
        """Serialize this component to a dictionary.

        :returns: The serialized component as a dictionary.
        """
        kwargs = self.embedding_kwargs
        return default_to_dict(
            self,
            **({"embedding_kwargs": redact_options(kwargs)} if kwargs else {}),
            **self._connection_to_dict(),
            model=self.model,
            dimensions=self.dimensions,
            organization=self.organization,
            prefix=self.prefix,
            suffix=self.suffix,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LLMaaSTextEmbedder:
        """Deserialize this component from a dictionary.

        :param data: The dictionary representation of this component.
        :returns: The deserialized component instance.
        """
        embedder: LLMaaSTextEmbedder = default_from_dict(cls, data)
        return embedder

    @component.output_types(embedding=list[float], meta=dict[str, Any])
    def run(self, text: str) -> dict[str, Any]:
        """Embed a string.

        :param text: The text.
        :returns: `{"embedding": [...], "meta": {"model": ..., "usage": ..., "cost_eur": ...}}`
        """
        full_text, client = self._build_text(text), self._get_client()
        return _to_output(client.embed(full_text, **self._options()))

    @component.output_types(embedding=list[float], meta=dict[str, Any])
    async def run_async(self, text: str) -> dict[str, Any]:
        """Embed a string, without blocking the event loop.

        :param text: The text.
        :returns: `{"embedding": [...], "meta": {"model": ..., "usage": ..., "cost_eur": ...}}`
        """
        full_text, client = self._build_text(text), self._get_async_client()
        return _to_output(await client.embed(full_text, **self._options()))

    def _options(self) -> dict[str, Any]:
        extra = self.embedding_kwargs or {}
        return {"model": self.model, "dimensions": self.dimensions, **extra}

    def _build_text(self, text: str) -> str:
        if not isinstance(text, str):
            raise TypeError(
                f"{type(self).__name__} expects a string as an input. "
                "To embed a list of Documents, use the document embedder."
            )
        return f"{self.prefix}{text}{self.suffix}"


def _to_output(answer: Embeddings) -> dict[str, Any]:
    return {"embedding": answer.vectors[0], "meta": build_meta(answer)}
