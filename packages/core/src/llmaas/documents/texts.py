"""Extraction of the text of PDFs, including values of forms (extra ``documents``)."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from llmaas._errors_base import ConfigurationError
from llmaas.documents.limits import LIMITS, DocumentLimits

if TYPE_CHECKING:
    import pypdfium2


def pdf_text(data: bytes, limits: DocumentLimits = LIMITS) -> str:
    """Extract the text of a PDF as Markdown, one section per page; empty for a scan.

    Raises ``ValueError`` if the file is not a PDF, or has too many pages.
    """
    try:
        import pypdfium2
    except ModuleNotFoundError as error:
        raise ConfigurationError("PDFs need pypdfium2: pip install 'llmaas[documents]'") from error
    try:
        with closing(pypdfium2.PdfDocument(data)) as document:
            if len(document) > limits.max_pages:
                raise ValueError(f"the PDF has {len(document):,} pages, over {limits.max_pages:,}")
            document.init_forms()
            pages = [_extract_page(document, number) for number in range(len(document))]
    except pypdfium2.PdfiumError as error:
        raise ValueError(f"the PDF cannot be read: {error}") from error
    return "\n\n".join(f"# Page {n}\n\n{text}" for n, text in enumerate(pages, 1) if text)


def _extract_page(document: pypdfium2.PdfDocument, number: int) -> str:
    if document.formenv is not None:
        with closing(document[number]) as page:
            _flatten(page)
    with closing(document[number]) as page, closing(page.get_textpage()) as text:
        return str(text.get_text_bounded()).replace("\r\n", "\n").strip()


def _flatten(page: pypdfium2.PdfPage) -> None:
    """Turn the values of fields into text of the page; ``page.flatten`` needs pypdfium2 5."""
    from pypdfium2 import PdfiumError, raw

    if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_FAIL:
        raise PdfiumError("its form fields cannot be read")
