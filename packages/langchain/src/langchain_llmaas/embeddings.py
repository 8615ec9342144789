"""``LLMaaSEmbeddings``: LangChain embeddings for LLMaaS."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from langchain_core.embeddings import Embeddings
from pydantic import Field

from langchain_llmaas.connection import ConnectionMixin
from langchain_llmaas.cost import record_cost, record_partial_cost
from langchain_llmaas.errors import translate_errors
from llmaas import Embeddings as CoreEmbeddings
from llmaas import catalog
from llmaas.model_names import EmbeddingModelName
from llmaas.pricing import estimate_tokens

Progress = Callable[[int, int], None]


class LLMaaSEmbeddings(ConnectionMixin, Embeddings):
    """Embeds texts in concurrent batches, in order. Equal texts are sent once.

    Texts are sent as strings (the service rejects token arrays) and never truncated: split long
    texts first. An error carries the vectors already billed as ``error.partial.vectors`` (None
    for missing ones) and names the rejected text.
    """

    model: EmbeddingModelName
    chunk_size: int = Field(default=64, ge=1)
    """Texts per request, halved if the service rejects that many. Defaults to 64."""
    concurrency: int = Field(default=4, ge=1)
    """Maximum concurrent requests. Defaults to 4."""
    dimensions: int | None = None
    """Size of a vector. Defaults to the model's own size, which is never sent."""
    show_progress_bar: bool = False
    """Show a progress bar in ``embed_documents``."""
    progress: Progress | None = Field(default=None, exclude=True, repr=False)
    """Called with (done, total) texts after each request."""
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further parameters of the request, such as ``truncate_prompt_tokens``."""

    @property
    def vector_size(self) -> int | None:
        """Size of a vector; None if it is unknown."""
        known = catalog.find_model(self.model, self.service_profile)
        return self.dimensions or (known.dimensions if known else None)

    @property
    def context(self) -> int | None:
        """Maximum tokens of a text; None if it is unknown."""
        known = catalog.find_model(self.model, self.service_profile)
        return known.context if known else None

    @property
    def namespace(self) -> str:
        """Cache namespace of model and dimensions. Contains no ``:``, which file names forbid."""
        name = self.model if self.dimensions is None else f"{self.model}-{self.dimensions}"
        return re.sub(r"[^A-Za-z0-9_.-]", "-", name)

    def get_num_tokens(self, text: str) -> int:
        """Estimate the tokens of a text, at four characters per token."""
        return estimate_tokens(text)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts."""
        if not _check_texts(texts):
            return []
        with translate_errors, record_partial_cost(), self._progress() as progress:
            return _record_vectors(
                self.client.embed([*texts], progress=progress, **self._options())
            )

    def embed_query(self, text: str) -> list[float]:
        """Embed a query."""
        with translate_errors, record_partial_cost():
            return _record_vectors(self.client.embed([text], **self._options()))[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts."""
        if not _check_texts(texts):
            return []
        with translate_errors, record_partial_cost(), self._progress() as progress:
            embedded = await self.async_client.embed([*texts], progress=progress, **self._options())
            return _record_vectors(embedded)

    async def aembed_query(self, text: str) -> list[float]:
        """Embed a query."""
        with translate_errors, record_partial_cost():
            return _record_vectors(await self.async_client.embed([text], **self._options()))[0]

    @contextmanager
    def _progress(self) -> Iterator[Progress | None]:
        if not self.show_progress_bar:
            yield self.progress
            return
        try:
            from tqdm import tqdm
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "show_progress_bar=True needs tqdm, which is not installed: pip install tqdm",
                name="tqdm",
            ) from error
        with tqdm(desc="Embedding", unit="text") as bar:

            def update(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)
                if self.progress is not None:
                    self.progress(done, total)

            yield update

    def _options(self) -> Any:
        """Build the options. A rejected text raises: a store must not lose it silently."""
        return {
            "model": self.model,
            "batch_size": self.chunk_size,
            "concurrency": self.concurrency,
            "dimensions": self.dimensions,
            "isolate_errors": False,
            **self.model_kwargs,
        }


def _check_texts(texts: Any) -> list[str]:
    """Return the texts. Raises ``TypeError`` for a string, whose characters would be embedded."""
    if isinstance(texts, str):
        raise TypeError(f"texts must be a list, got {texts!r:.80}. Use embed_query for one text.")
    return cast("list[str]", texts)


def _record_vectors(embedded: CoreEmbeddings) -> list[list[float]]:
    tokens = embedded.usage.prompt_tokens if embedded.usage else 0
    record_cost(embedded.model, embedded.cost_micro_eur, input_tokens=tokens)
    return cast("list[list[float]]", embedded.vectors)
