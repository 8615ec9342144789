"""Uploaded documents: read, cut into passages, embedded once, searched for each question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from llmaas import LLMaaS
from llmaas.demo import Document, Passage, Source, split
from llmaas.demo.contract import EMBEDDING_MODEL, RERANK_MODEL
from llmaas.demo.core import CANDIDATES, nearest, rank
from llmaas.demo.documents import parse
from llmaas.types import Embeddings

TYPES = ["txt", "md", "pdf"]


class UnreadableError(ValueError):
    """A document holds no text that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A document's passages and their vectors."""

    name: str
    passages: list[Passage]
    vectors: list[Sequence[float]]


def read(name: str, data: bytes) -> Document:
    """Return an uploaded file as a document; a page of a PDF becomes a section."""
    text = _pdf_text(data) if name.lower().endswith(".pdf") else _plain_text(data)
    document = parse(name, text)
    if not document.text.strip():
        raise UnreadableError("there is no text in it (a scan? OCR is not done here)")
    return document


def shelve(client: LLMaaS, document: Document) -> Shelf:
    """Embed a document's passages, title and heading included."""
    passages = split([document])
    embedded = client.embed([one.with_title for one in passages], model=EMBEDDING_MODEL)
    return Shelf(document.name, passages, embedded.vectors)


def find(client: LLMaaS, question: str, shelves: Sequence[Shelf]) -> list[Source]:
    """Return the passages that answer best: the nearest vectors, put in order by the reranker."""
    wanted = client.embed(question, model=EMBEDDING_MODEL).vectors
    known = [vector for shelf in shelves for vector in shelf.vectors]
    passages = [passage for shelf in shelves for passage in shelf.passages]
    vectors = Embeddings([*wanted, *known], EMBEDDING_MODEL)
    return rank(client, question, nearest(vectors, passages, count=CANDIDATES), RERANK_MODEL)


def _plain_text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _pdf_text(data: bytes) -> str:
    try:
        pages = [page.extract_text() for page in PdfReader(BytesIO(data)).pages]
    except PyPdfError as error:
        raise UnreadableError(f"it is no PDF that can be read ({error})") from error
    return "\n\n".join(f"# Page {n}\n\n{text}" for n, text in enumerate(pages, 1) if text.strip())
