"""``LLMaaSOCRDocumentConverter``: converts scans, photos and PDFs to Markdown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict, logging
from haystack.dataclasses import ByteStream
from haystack.utils import Secret

from haystack_integrations.common.llmaas.connection import DEFAULT_API_KEY, ConnectionMixin
from haystack_integrations.common.llmaas.inputs import check_list
from haystack_integrations.common.llmaas.pages import render_pages, take_pages
from haystack_integrations.components.converters.llmaas.page import (
    OPTIONS,
    Page,
    build_messages,
    read_source,
    shrink_or_raise,
    source_meta,
    to_documents,
)
from llmaas.adapters import amap_bounded, map_bounded, redact_options
from llmaas.documents import FORMATS, LIMITS, DocumentLimits
from llmaas.model_names import ChatModelName

logger = logging.getLogger(__name__)
_PAGES_AHEAD = 4
"""Pages rendered per concurrent request. Bounds memory for long PDFs."""


@component
class LLMaaSOCRDocumentConverter(ConnectionMixin):
    """Converts PDFs (rendered page by page) and images with an OCR model.

    ```python
    from haystack_integrations.components.converters.llmaas import LLMaaSOCRDocumentConverter

    documents = LLMaaSOCRDocumentConverter().run(["facture.pdf"])["documents"]
    ```

    Pages are separated by form feeds, as Haystack's splitters expect, or are documents of their
    own with `page_documents`. Requires the extra `ocr`.
    """

    def __init__(
        self,
        api_key: Secret = DEFAULT_API_KEY,
        model: ChatModelName = "deepseek-ocr",
        prompt: str = "markdown",
        api_base_url: str | None = None,
        page_documents: bool = False,
        max_side: int = LIMITS.max_side,
        concurrency: int = 4,
        raise_on_failure: bool = False,
        generation_kwargs: dict[str, Any] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        max_pages: int = LIMITS.max_pages,
        max_pixels: int = LIMITS.max_pixels,
        image_formats: Sequence[str] = FORMATS,
    ) -> None:
        """Store the settings. The first run reads the key and opens the connection.

        :param api_key: The API key. Defaults to the environment variable `LLMAAS_API_KEY`.
        :param model: A vision model's name. Defaults to `deepseek-ocr`, which the service's
            documentation of August 2026 lists, but not its model list of September: see
            `list_models`.
        :param prompt: `markdown`, `figure` or `text` for the fixed prompts of deepseek-ocr,
            `locate:TEXT` for the position of a text; other values are sent unchanged. Defaults
            to `markdown`.
        :param api_base_url: The base URL. Defaults to `LLMAAS_BASE_URL`, then the service.
        :param page_documents: Return one document per page. Defaults to False.
        :param max_side: Maximum pixels of a page's longer side. Defaults to 2,048.
        :param concurrency: Maximum concurrent requests. Defaults to 4.
        :param raise_on_failure: Raise if a source or page cannot be read. By default, it is
            skipped with a warning.
        :param generation_kwargs: Request parameters.
        :param timeout: Read timeout in seconds. Defaults to 600.
        :param max_retries: Maximum retries of a failed request. Defaults to 2.
        :param http_client_kwargs: `proxy`, `headers`, `timeout` and `verify` (a CA bundle's path).
        :param max_pages: Maximum pages of a source. Longer sources are not read. Defaults to 500.
        :param max_pixels: Maximum pixels of an image, checked before decoding. Defaults to
            64,000,000.
        :param image_formats: Accepted image formats, by Pillow's names. Defaults to
            `llmaas.documents.FORMATS`.
        """
        self._init_connection(api_key, api_base_url, timeout, max_retries, http_client_kwargs)
        self.model = model
        self.prompt = prompt
        self.page_documents = page_documents
        self.max_side = max_side
        self.max_pages = max_pages
        self.max_pixels = max_pixels
        self.image_formats = list(image_formats)
        self.concurrency = concurrency
        self.raise_on_failure = raise_on_failure
        self.generation_kwargs = generation_kwargs or {}

    def to_dict(self) -> dict[str, Any]:
        """Serialize this component to a dictionary.

        :returns: The serialized component as a dictionary.
        """
        return default_to_dict(
            self,
            **self._connection_to_dict(),
            model=self.model,
            prompt=self.prompt,
            page_documents=self.page_documents,
            max_side=self.max_side,
            max_pages=self.max_pages,
            max_pixels=self.max_pixels,
            image_formats=self.image_formats,
            concurrency=self.concurrency,
            raise_on_failure=self.raise_on_failure,
            generation_kwargs=redact_options(self.generation_kwargs),
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LLMaaSOCRDocumentConverter:
        """Deserialize this component from a dictionary.

        :param data: The dictionary representation of this component.
        :returns: The deserialized component instance.
        """
        converter: LLMaaSOCRDocumentConverter = default_from_dict(cls, data)
        return converter

    @component.output_types(documents=list[Document])
    def run(
        self,
        sources: list[str | Path | ByteStream],
        meta: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> dict[str, list[Document]]:
        """Convert sources.

        :param sources: Paths of PDFs and images, or their bytes.
        :param meta: For the documents of all sources, or a list with one for each.
        :returns: `{"documents": [...]}` in the order of the sources.
        """
        self.warm_up()
        documents: list[Document] = []
        for source, extra_meta in _with_meta(sources, meta):
            pages: list[Page] = []
            try:
                images = self._render(source)
                while chunk := take_pages(images, self._pages_ahead):
                    pages += map_bounded(self._read_page, chunk, limit=self.concurrency)
            except (OSError, ValueError) as error:
                self._skip(source, error)
                continue
            documents += self._documents(source, pages, extra_meta)
        return {"documents": documents}

    @component.output_types(documents=list[Document])
    async def run_async(
        self,
        sources: list[str | Path | ByteStream],
        meta: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> dict[str, list[Document]]:
        """Convert sources without blocking the event loop: a thread renders the pages.

        :param sources: Paths of PDFs and images, or their bytes.
        :param meta: For the documents of all sources, or a list with one for each.
        :returns: As `run`.
        """
        await self.warm_up_async()
        documents: list[Document] = []
        for source, extra_meta in _with_meta(sources, meta):
            pages: list[Page] = []
            try:
                images = await asyncio.to_thread(self._render, source)
                while chunk := await asyncio.to_thread(take_pages, images, self._pages_ahead):
                    pages += await amap_bounded(
                        self._read_page_async, chunk, limit=self.concurrency
                    )
            except (OSError, ValueError) as error:
                self._skip(source, error)
                continue
            documents += self._documents(source, pages, extra_meta)
        return {"documents": documents}

    @property
    def _pages_ahead(self) -> int:
        return max(1, self.concurrency) * _PAGES_AHEAD

    @property
    def _options(self) -> dict[str, Any]:
        return {**OPTIONS, **self.generation_kwargs, "model": self.model}

    def _render(self, source: str | Path | ByteStream) -> Iterator[bytes]:
        formats = tuple(self.image_formats)
        limits = DocumentLimits(self.max_side, self.max_pixels, self.max_pages, formats)
        return render_pages(read_source(source), limits)

    def _read_page(self, image: bytes) -> Page:
        try:
            while True:
                messages = build_messages(image, self.prompt)
                try:
                    return Page.from_completion(self._get_client().chat(messages, **self._options))
                except Exception as error:
                    image = shrink_or_raise(error, image)
        except Exception as error:
            return self._failed(error)

    async def _read_page_async(self, image: bytes) -> Page:
        try:
            while True:
                messages = build_messages(image, self.prompt)
                try:
                    return Page.from_completion(
                        await self._get_async_client().chat(messages, **self._options)
                    )
                except Exception as error:
                    image = await asyncio.to_thread(shrink_or_raise, error, image)
        except Exception as error:
            return self._failed(error)

    def _failed(self, error: Exception) -> Page:
        if self.raise_on_failure:
            raise error
        logger.warning("A page could not be read: {error}", error=error)
        return Page("", error=str(error))

    def _skip(self, source: str | Path | ByteStream, error: Exception) -> None:
        if self.raise_on_failure:
            raise error
        name = source.meta if isinstance(source, ByteStream) else source
        logger.warning(
            "Could not read {source}. Skipping it. Error: {error}", source=name, error=error
        )

    def _documents(
        self, source: str | Path | ByteStream, pages: list[Page], extra_meta: dict[str, Any]
    ) -> list[Document]:
        if all(page.error for page in pages):  # already logged per page
            return []
        meta = {**source_meta(source), **extra_meta}
        return to_documents(pages, meta, per_page=self.page_documents)


def _with_meta(
    sources: list[str | Path | ByteStream], meta: dict[str, Any] | list[dict[str, Any]] | None
) -> list[tuple[str | Path | ByteStream, dict[str, Any]]]:
    """Pair each source with its metadata."""
    count = len(check_list("sources", sources))
    if not isinstance(meta, list):
        meta = [dict(meta or {})] * count
    if len(meta) != count:
        raise ValueError("The length of the metadata list must match the number of sources.")
    return list(zip(sources, meta, strict=True))
