"""Documents of the demo: those in the package, or a folder of the user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from llmaas.documents import pdf_text
from llmaas.text import decode, searchable

SUFFIXES = (".md", ".txt", ".pdf")
_NO_DOCUMENT = "README.md"


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its title and where it comes from; ``name`` is the file's."""

    name: str
    title: str
    text: str
    language: str | None = None
    license: str | None = None
    copyright: str | None = None
    source: str | None = None


class _Entry(Protocol):
    @property
    def name(self) -> str: ...
    def read_bytes(self) -> bytes: ...


def load_documents(folder: Path | None = None, *, language: str | None = None) -> list[Document]:
    """Return the documents of ``folder`` (``.md``, ``.txt``, ``.pdf``), or the packaged ones.

    ``language`` keeps those in one language (``fr``, ``en``). ``FileNotFoundError`` when
    there is none.
    """
    read = _packaged if folder is None else _read
    documents = [read(entry) for entry in _entries(folder)]
    kept = [d for d in documents if language in (None, d.language)]
    if not kept:
        raise FileNotFoundError(
            f"there is no .md or .txt document in {folder or 'the package'}, nor a PDF."
        )
    return kept


def _packaged(entry: _Entry) -> Document:
    return parse(entry.name, entry.read_bytes().decode("utf-8"))


def _read(entry: _Entry) -> Document:
    data = entry.read_bytes()
    is_pdf = entry.name.lower().endswith(".pdf")
    text = pdf_text(data) if is_pdf else decode(data)[0].replace("\r\n", "\n")
    document = parse(entry.name, searchable(text))
    if not document.text.strip():
        raise ValueError(f"{entry.name} holds no text. Is it a scan? `llmaas ocr` reads those.")
    return document


def parse(name: str, text: str) -> Document:
    """Read a document: a head between ``---`` lines if there is one, then its text."""
    head, body = _cut(text)
    facts = dict(_facts(head))
    return Document(
        name=name,
        title=facts.get("title") or name.rsplit(".", 1)[0],
        text=body.strip() + "\n",
        language=facts.get("language"),
        license=facts.get("license"),
        copyright=facts.get("copyright"),
        source=facts.get("source"),
    )


def _entries(folder: Path | None) -> list[_Entry]:
    if folder is not None and not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder")
    listed: list[_Entry] = list((folder or files("llmaas_cli").joinpath("demo", "data")).iterdir())
    named = (e for e in listed if e.name.lower().endswith(SUFFIXES) and e.name != _NO_DOCUMENT)
    return sorted(named, key=lambda entry: entry.name)


def _cut(text: str) -> tuple[str, str]:
    if not text.startswith("---\n"):
        return "", text
    head, _, body = text[4:].partition("\n---\n")
    return head, body


def _facts(head: str) -> Iterator[tuple[str, str]]:
    """Yield ``key: value`` lines; indented lines belong to a longer notice and stay there."""
    for line in head.splitlines():
        if line[:1].strip() and ":" in line:
            key, _, value = line.partition(":")
            yield key, value.strip()
