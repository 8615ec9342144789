"""``LLMaaSEmbeddings``: LangChain's embeddings over the service."""

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
from llmaas.pricing import estimate_tokens

Progress = Callable[[int, int], None]


class LLMaaSEmbeddings(ConnectionMixin, Embeddings):
    """Vectors for texts: strings on the wire, several requests at once, order kept.

    The service refuses token arrays, and truncates nothing: split long texts before. Equal texts
    are sent once. An error that ends a call carries the vectors that were paid for, as
    ``error.partial.vectors`` (None where there is none), and names the refused text.
    """

    model: str
    chunk_size: int = Field(default=64, ge=1)
    """Texts in one request; halved where the service refuses so many."""
    concurrency: int = Field(default=4, ge=1)
    """Requests at once."""
    dimensions: int | None = None
    """Numbers of a vector. Defaults to the model's own size, which is never sent."""
    show_progress_bar: bool = False
    """Whether a bar counts the texts of ``embed_documents``."""
    progress: Progress | None = Field(default=None, exclude=True, repr=False)
    """Called with (done, total) texts after each request."""
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further parameters of the request, such as ``truncate_prompt_tokens``."""

    @property
    def vector_size(self) -> int | None:
        """Numbers of a vector; None where neither ``dimensions`` nor the catalog tells."""
        known = catalog.get(self.model)
        return self.dimensions or (known.dimensions if known else None)

    @property
    def context(self) -> int | None:
        """The most tokens of one text; None where the catalog does not tell."""
        known = catalog.get(self.model)
        return known.context if known else None

    @property
    def namespace(self) -> str:
        """A name of model and dimensions for caches of vectors; file names refuse the ``:``."""
        name = self.model if self.dimensions is None else f"{self.model}-{self.dimensions}"
        return re.sub(r"[^A-Za-z0-9_.-]", "-", name)

    def get_num_tokens(self, text: str) -> int:
        """Estimate the tokens of a text (four characters each), without a tokenizer."""
        return estimate_tokens(text)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector a text."""
        if not texts:
            return []
        with translate_errors, record_partial_cost(), self._progress() as progress:
            return _record_vectors(
                self.client.embed([*texts], progress=progress, **self._options())
            )

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        with translate_errors, record_partial_cost():
            return _record_vectors(self.client.embed([text], **self._options()))[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector a text."""
        if not texts:
            return []
        with translate_errors, record_partial_cost(), self._progress() as progress:
            embedded = await self.async_client.embed([*texts], progress=progress, **self._options())
            return _record_vectors(embedded)

    async def aembed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        with translate_errors, record_partial_cost():
            return _record_vectors(await self.async_client.embed([text], **self._options()))[0]

    @contextmanager
    def _progress(self) -> Iterator[Progress | None]:
        if not self.show_progress_bar:
            yield self.progress
            return
        from tqdm import tqdm

        with tqdm(desc="Embedding", unit="text") as bar:

            def told(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)
                if self.progress is not None:
                    self.progress(done, total)

            yield told

    def _options(self) -> Any:
        """Return the options; a refused text raises, as a store must not lose one silently."""
        return {
            "model": self.model,
            "batch_size": self.chunk_size,
            "concurrency": self.concurrency,
            "dimensions": self.dimensions,
            "isolate_errors": False,
            **self.model_kwargs,
        }


def _record_vectors(embedded: CoreEmbeddings) -> list[list[float]]:
    tokens = embedded.usage.prompt_tokens if embedded.usage else 0
    record_cost(embedded.model, embedded.cost_micro_eur, input_tokens=tokens)
    return cast("list[list[float]]", embedded.vectors)
