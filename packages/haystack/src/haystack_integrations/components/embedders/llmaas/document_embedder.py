"""``LLMaaSDocumentEmbedder``: embeds documents in concurrent batches."""

from __future__ import annotations

from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from haystack_integrations.common.llmaas.embedding_run import (
    DEFAULT_MODEL,
    EmbeddingRun,
    build_meta,
    report_failures,
    with_embeddings,
)
from haystack_integrations.common.llmaas.vector_size import VectorSizeMixin
from llmaas.adapters import redact_options
from llmaas.model_names import EmbeddingModelName

_EXTRA_DEFAULTS: dict[str, Any] = {"concurrency": 4, "checkpoint": None, "embedding_kwargs": None}


@component
class LLMaaSDocumentEmbedder(ConnectionMixin, VectorSizeMixin):
    """Embeds documents. Accepts the parameters of `OpenAIDocumentEmbedder`.

    In addition, up to `concurrency` requests run at once (also in `run`), a rejected text does
    not fail its batch, and `checkpoint` lets a killed run resume.

    ```python
    from haystack import Document
    from haystack_integrations.components.embedders.llmaas import LLMaaSDocumentEmbedder

    embedder = LLMaaSDocumentEmbedder(model="bge-m3:567m", checkpoint="vectors.sqlite")
    documents = embedder.run([Document(content="Le chat dort.")])["documents"]
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
        batch_size: int = 32,
        progress_bar: bool = True,
        meta_fields_to_embed: list[str] | None = None,
        embedding_separator: str = "\n",
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        *,
        raise_on_failure: bool = False,
        concurrency: int = 4,
        checkpoint: str | None = None,
        embedding_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Store the settings. The first run reads the key and opens the connection.

        :param api_key: The API key. Defaults to the environment variable `LLMAAS_API_KEY`.
        :param model: An embedding model's name. Defaults to `bge-m3:567m`.
        :param dimensions: Size of a vector. Defaults to the model's own size, which is never sent.
        :param api_base_url: The base URL. Defaults to `LLMAAS_BASE_URL`, then the service.
        :param organization: Accepted for compatibility; the service has no organizations.
        :param prefix: Prepended to each text.
        :param suffix: Appended to each text.
        :param batch_size: Texts per request. Defaults to 32.
        :param progress_bar: Show a progress bar. Defaults to True.
        :param meta_fields_to_embed: Fields of `meta` to embed with the text. Defaults to none.
        :param embedding_separator: Separates these fields and the text. Defaults to a line feed.
        :param timeout: Read timeout in seconds. Defaults to 600.
        :param max_retries: Maximum retries of a failed request. Defaults to 2.
        :param http_client_kwargs: `proxy`, `headers`, `timeout` and `verify` (a CA bundle's path).
        :param raise_on_failure: Raise if a document cannot be embedded. By default, the error
            is logged and the document returned without a vector.
        :param concurrency: Maximum concurrent requests. Defaults to 4.
        :param checkpoint: Path of a SQLite file that stores each vector. Texts that it holds for
            the same server and model are not sent again, in this run or a later one.
        :param embedding_kwargs: Further parameters of the request, such as
            `truncate_prompt_tokens`.
        """
        self._init_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)
        self.model = model
        self.dimensions = dimensions
        self.organization = organization
        self.prefix = prefix
        self.suffix = suffix
        self.batch_size = batch_size
        self.progress_bar = progress_bar
        self.meta_fields_to_embed = meta_fields_to_embed or []
        self.embedding_separator = embedding_separator
        self.raise_on_failure = raise_on_failure
        self.concurrency = concurrency
        self.checkpoint = checkpoint
        self.embedding_kwargs = embedding_kwargs

    def to_dict(self) -> dict[str, Any]:
        """Serialize this component to a dictionary.

        :returns: The serialized component as a dictionary.
        """
        extra = {name: getattr(self, name) for name in _EXTRA_DEFAULTS}
        if self.embedding_kwargs:
            extra["embedding_kwargs"] = redact_options(self.embedding_kwargs)
        return default_to_dict(
            self,
            **self._connection_to_dict(),
            model=self.model,
            dimensions=self.dimensions,
            organization=self.organization,
            prefix=self.prefix,
            suffix=self.suffix,
            batch_size=self.batch_size,
            progress_bar=self.progress_bar,
            meta_fields_to_embed=self.meta_fields_to_embed,
            embedding_separator=self.embedding_separator,
            raise_on_failure=self.raise_on_failure,
            **{name: value for name, value in extra.items() if value != _EXTRA_DEFAULTS[name]},
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LLMaaSDocumentEmbedder:
        """Deserialize this component from a dictionary.

        :param data: The dictionary representation of this component.
        :returns: The deserialized component instance.
        """
        embedder: LLMaaSDocumentEmbedder = default_from_dict(cls, data)
        return embedder

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    def run(self, documents: list[Document]) -> dict[str, Any]:
        """Embed documents.

        :param documents: The documents.
        :returns: `{"documents": copies with vectors, "meta": {"model": ..., "usage": ...}}`;
            `meta["cost_eur"]` is the cost, `meta["errors"]` maps ids of documents without a
            vector to the error message.
        :raises llmaas.APIError: If every request would fail, for example because of a wrong key.
        """
        texts = self._prepare_texts_to_embed(_check_documents(self, documents))
        client = self._get_client()
        with self._open_run(texts, client.settings.base_url) as run:
            while texts := run.next_texts():
                run.add_response(client.embed(texts, **self._options(run)))
        return self._result(documents, run)

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    async def run_async(self, documents: list[Document]) -> dict[str, Any]:
        """Embed documents, without blocking the event loop.

        :param documents: The documents.
        :returns: As `run`.
        """
        texts = self._prepare_texts_to_embed(_check_documents(self, documents))
        client = self._get_async_client()
        with self._open_run(texts, client.settings.base_url) as run:
            while texts := run.next_texts():
                run.add_response(await client.embed(texts, **self._options(run)))
        return self._result(documents, run)

    def _prepare_texts_to_embed(self, documents: list[Document]) -> list[str]:
        """Build the text of each document. Keyed by position: ids may repeat."""
        return [self._build_text(document) for document in documents]

    def _build_text(self, document: Document) -> str:
        fields = (document.meta.get(name) for name in self.meta_fields_to_embed)
        parts = [str(value) for value in fields if value is not None]
        joined = self.embedding_separator.join([*parts, document.content or ""])
        return f"{self.prefix}{joined}{self.suffix}"

    def _open_run(self, texts: list[str], server: str) -> Any:
        return EmbeddingRun.open(
            texts,
            server=server,
            model=self.model,
            dimensions=self.dimensions,
            params=self.embedding_kwargs or {},
            path=self.checkpoint,
            progress_bar=self.progress_bar,
        )

    def _options(self, run: EmbeddingRun) -> dict[str, Any]:
        return {
            "model": self.model,
            "dimensions": self.dimensions,
            "batch_size": self.batch_size,
            "concurrency": self.concurrency,
            "on_batch": run.save_batch,
            "on_model": run.switch_model,
            "continue_on_error": not self.raise_on_failure,
            **(self.embedding_kwargs or {}),
        }

    def _result(self, documents: list[Document], run: EmbeddingRun) -> dict[str, Any]:
        pairs = zip(documents, run.keys, strict=True)
        failures = {document.id: run.failed[key] for document, key in pairs if key in run.failed}
        errors = report_failures(failures, raising=self.raise_on_failure)
        meta = build_meta(run.summary()) if documents else {}
        if errors:
            meta["errors"] = errors
        return {"documents": with_embeddings(documents, run.keys, run.known), "meta": meta}


def _check_documents(embedder: object, documents: Any) -> list[Document]:
    """Return the documents. Raises ``TypeError`` for anything else."""
    if isinstance(documents, list) and all(isinstance(d, Document) for d in documents):
        return documents
    raise TypeError(
        f"{type(embedder).__name__} expects a list of Documents as input. "
        "To embed a string, use the text embedder."
    )
