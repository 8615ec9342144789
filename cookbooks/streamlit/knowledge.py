"""Uploaded documents: parsing, splitting, embedding and search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from llmaas import LLMaaS
from llmaas.documents import DocumentLimits, pdf_text
from llmaas.text import decode, searchable
from llmaas.types import Embeddings
from llmaas_cli.demo import Document, Passage, Source, split
from llmaas_cli.demo.core import CANDIDATES, nearest, rank
from llmaas_cli.demo.documents import parse
from llmaas_cli.demo.interface import EMBEDDING_MODEL, RERANK_MODEL

TYPES = ["txt", "md", "pdf"]
LIMITS = DocumentLimits(max_pages=500)
EXAMPLES = [
    "Why can the answer of a reasoning model come back empty?",
    "Comment planifier une tâche toutes les nuits ?",
    "How does unattended-upgrades work?",
]
"""Questions that the demo's documents answer."""


class UnreadableError(ValueError):
    """Document without readable text. The message gives the reason."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Passages of a document and their vectors."""

    name: str
    passages: list[Passage]
    vectors: list[Sequence[float]]


@cache
def demo_files() -> list[tuple[str, bytes]]:
    """Load the documents of ``llmaas demo``, which come with the package: name and bytes."""
    folder = resources.files("llmaas_cli.demo") / "data"
    found = [file for file in folder.iterdir() if re.search(r"\.\w\w\.md$", file.name)]
    return sorted((file.name, file.read_bytes()) for file in found)


def read(name: str, data: bytes) -> Document:
    """Parse an uploaded file. Each PDF page becomes a section."""
    is_pdf = name.lower().endswith(".pdf") or b"%PDF-" in data[:1024]
    text = _pdf_text(data) if is_pdf else decode(data)[0]
    document = parse(name, searchable(text))
    if not document.text.strip():
        raise UnreadableError("there is no text in it (a scan? OCR is not done here)")
    return document


def shelve(client: LLMaaS, document: Document) -> Shelf:
    """Embed the passages of a document with title and heading."""
    passages = split([document])
    embedded = client.embed([one.with_title for one in passages], model=EMBEDDING_MODEL)
    return Shelf(document.name, passages, embedded.vectors)


def find(client: LLMaaS, question: str, shelves: Sequence[Shelf]) -> list[Source]:
    """Find the best passages: nearest vectors, then rerank."""
    wanted = client.embed(question, model=EMBEDDING_MODEL).vectors
    known = [vector for shelf in shelves for vector in shelf.vectors]
    passages = [passage for shelf in shelves for passage in shelf.passages]
    vectors = Embeddings([*wanted, *known], EMBEDDING_MODEL)
    return rank(client, question, nearest(vectors, passages, count=CANDIDATES), RERANK_MODEL)


def _pdf_text(data: bytes) -> str:
    try:
        return pdf_text(data, LIMITS)
    except ValueError as error:
        raise UnreadableError(str(error)) from error
