"""Passages of documents, with their position."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from llmaas_cli.demo.documents import Document

PASSAGE_CHARACTERS = 1_200
"""About 300 tokens: precise enough to cite, short enough for a 512-token embedder."""

_HEADING = re.compile(r"(#{1,6})\s+(.+)")


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive paragraphs of a document under one heading.

    ``first`` and ``last`` number the paragraphs of the document from 1, headings excluded.
    """

    document: str
    title: str
    heading: str
    first: int
    last: int
    text: str

    @property
    def place(self) -> str:
        """Heading and paragraph numbers, for readers."""
        span = f"¶ {self.first}" if self.first == self.last else f"¶ {self.first}-{self.last}"
        return f"{self.heading}, {span}" if self.heading else span

    @property
    def with_title(self) -> str:
        """Text with title and heading, for embedding and reranking."""
        return f"{self.title} - {self.heading}\n{self.text}" if self.heading else self.text


@dataclass(frozen=True, slots=True)
class _Paragraph:
    number: int
    heading: str
    text: str


def split(documents: Iterable[Document], size: int = PASSAGE_CHARACTERS) -> list[Passage]:
    """Split documents into passages of at most ``size`` characters.

    A passage never crosses a heading; a longer paragraph is split between sentences.
    """
    return [
        Passage(document.name, document.title, *_merge(group))
        for document in documents
        for group in _group(_split_paragraphs(document.text, size), size)
    ]


def _merge(group: Sequence[_Paragraph]) -> tuple[str, int, int, str]:
    text = "\n\n".join(paragraph.text for paragraph in group)
    return group[0].heading, group[0].number, group[-1].number, text


def _group(paragraphs: Iterable[_Paragraph], size: int) -> Iterator[list[_Paragraph]]:
    group: list[_Paragraph] = []
    length = 0
    for paragraph in paragraphs:
        longer = length + len(paragraph.text) + 2 * bool(group)
        if group and (paragraph.heading != group[0].heading or longer > size):
            yield group
            group, longer = [], len(paragraph.text)
        group.append(paragraph)
        length = longer
    if group:
        yield group


def _split_paragraphs(text: str, size: int) -> Iterator[_Paragraph]:
    trail: list[tuple[int, str]] = []
    number = 0
    for block in _split_blocks(text):
        heading = _HEADING.fullmatch(block)
        if heading:
            level = len(heading[1])
            trail = [above for above in trail if above[0] < level]
            trail.append((level, heading[2].replace("`", "")))
            continue
        number += 1
        for piece in _split_block(block, size):
            yield _Paragraph(number, " > ".join(name for _, name in trail[-2:]), piece)


def _split_blocks(text: str) -> Iterator[str]:
    """Yield the blocks between blank lines; a fenced block stays whole."""
    block: list[str] = []
    fenced = False
    for line in [*text.splitlines(), ""]:
        fenced ^= line.startswith("```")
        if line.strip() or fenced:
            block.append(line)
        elif block:
            yield "\n".join(block)
            block = []
    if block:
        yield "\n".join(block)


def _split_block(block: str, size: int) -> Iterator[str]:
    """Split a long block after a sentence or a line, else after a word."""
    while len(block) > size:
        cut = max(block.rfind(end, size // 2, size) for end in (". ", "\n"))
        cut = cut + 1 if cut > 0 else max(block.rfind(" ", size // 2, size), 0) or size
        if piece := block[:cut].strip():
            yield piece
        block = block[cut:].strip()
    if block:
        yield block
