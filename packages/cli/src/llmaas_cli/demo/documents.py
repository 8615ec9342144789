"""Documents of the demo, from the package or from a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from llmaas.documents import pdf_text
from llmaas.text import decode, searchable

SUFFIXES = (".md", ".txt", ".pdf")
_NOT_A_DOCUMENT = "README.md"


@dataclass(frozen=True, slots=True)
class Document:
    """Text with its title, license and source; ``name`` is the file name."""

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
    """Load the documents of ``folder`` (``.md``, ``.txt``, ``.pdf``), or the packaged ones.

    ``language`` selects one language (``fr``, ``en``). Raises ``FileNotFoundError`` if no
    document is found.
    """
    read = _parse_packaged if folder is None else _parse_user_file
    documents = [read(entry) for entry in _list_files(folder)]
    kept = [d for d in documents if language in (None, d.language)]
    if not kept:
        raise FileNotFoundError(f"No .md, .txt or .pdf document in {folder or 'the package'}.")
    return kept


def _parse_packaged(entry: _Entry) -> Document:
    return parse(entry.name, entry.read_bytes().decode("utf-8"))


def _parse_user_file(entry: _Entry) -> Document:
    data = entry.read_bytes()
    is_pdf = entry.name.lower().endswith(".pdf")
    text = pdf_text(data) if is_pdf else decode(data)[0].replace("\r\n", "\n")
    document = parse(entry.name, searchable(text))
    if not document.text.strip():
        raise ValueError(f"{entry.name} contains no text. Convert scans with `llmaas ocr`.")
    return document


def parse(name: str, text: str) -> Document:
    """Parse a document: optional front matter between ``---`` lines, then its text."""
    head, body = _split_front_matter(text)
    facts = dict(_parse_front_matter(head))
    return Document(
        name=name,
        title=facts.get("title") or name.rsplit(".", 1)[0],
        text=body.strip() + "\n",
        language=facts.get("language"),
        license=facts.get("license"),
        copyright=facts.get("copyright"),
        source=facts.get("source"),
    )


def _list_files(folder: Path | None) -> list[_Entry]:
    if folder is not None and not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder.")
    listed: list[_Entry] = list((folder or files("llmaas_cli").joinpath("demo", "data")).iterdir())
    named = (e for e in listed if e.name.lower().endswith(SUFFIXES) and e.name != _NOT_A_DOCUMENT)
    return sorted(named, key=lambda entry: entry.name)


def _split_front_matter(text: str) -> tuple[str, str]:
    if not text.startswith("---\n"):
        return "", text
    head, _, body = text[4:].partition("\n---\n")
    return head, body


def _parse_front_matter(head: str) -> Iterator[tuple[str, str]]:
    """Yield the ``key: value`` lines; indented lines continue a longer value and are skipped."""
    for line in head.splitlines():
        if line[:1].strip() and ":" in line:
            key, _, value = line.partition(":")
            yield key, value.strip()
