"""Extraction of the context sentences that best match a question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import log, sqrt
from typing import NamedTuple

from llmaas_sandbox.responder.words import sentences, stems

MAX_SENTENCES = 3
_SHORT, _CONTEXTS = 4_000, 256
"""Characters of a context that is remembered, cut and weighed, and how many such contexts."""
_ENOUGH = 0.55
"""A further sentence must reach this share of the best one's score."""
_MARK = re.compile(
    r"[ \t]*(?:\[(\d{1,3})\]|"
    r"(?:document|doc|passage|source|extrait|chunk)\s*\[?#?(\d{1,3})\]?\s*"
    r"[:.)\-—(]|<(?:document|doc|passage|source)[^>]{0,99}?(?:id|index|n)=\"?(\d{1,3})\"?[^>]{0,99}>)",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-zA-Z_][^>]{0,80}>")


class Sentence(NamedTuple):
    """Sentence of the context, with the number of its passage."""

    text: str
    passage: str | None
    position: int


class Context(NamedTuple):
    """Sentences of a context with their stems and weights."""

    candidates: list[Sentence]
    stemmed: list[tuple[str, ...]]
    weights: dict[str, float]


def _marks(context: str) -> Iterator[re.Match[str]]:
    """Yield the marks: only a line can begin with one, so only there one is looked for."""
    at = 0
    while True:
        found = _MARK.match(context, at)
        if found:
            yield found
        at = context.find("\n", found.end() if found else at) + 1
        if not at:
            return


def passages(context: str) -> list[tuple[str | None, str]]:
    """Split a context at its numbering: ``[1]``, ``Document 2:``, ``<doc id=3>``."""
    marks = list(_marks(context))
    if not marks:
        return [(None, context)]
    parts: list[tuple[str | None, str]] = [(None, context[: marks[0].start()])]
    ends = [m.start() for m in marks[1:]] + [len(context)]
    for mark, end in zip(marks, ends, strict=True):
        number = next(g for g in mark.groups() if g)
        parts.append((number, context[mark.end() : end]))
    return parts


def _candidates(context: str) -> list[Sentence]:
    found: list[Sentence] = []
    for number, text in passages(context):
        for sentence in sentences(_TAG.sub(" ", text)):
            if len(sentence) > 3:
                found.append(Sentence(sentence, number, len(found)))
    return found


def _weights(candidates: Sequence[Sequence[str]]) -> dict[str, float]:
    frequency = Counter(s for stemmed in candidates for s in set(stemmed))
    return {s: log(1 + len(candidates) / n) for s, n in frequency.items()}


def best_sentences(question: str, context: str, limit: int = MAX_SENTENCES) -> list[Sentence]:
    """Return the best matching sentences, best first; empty when nothing matches."""
    requested = set(stems(question))
    if not requested or not context:
        return []
    read = _short_context if len(context) < _SHORT else _context
    candidates, stemmed, weights = read(context)
    if not candidates:
        return []
    scores = [_score(requested, s, weights) for s in stemmed]
    order = sorted(range(len(candidates)), key=lambda i: (-scores[i], i))
    best = scores[order[0]]
    if best <= 0:
        return []
    return [candidates[i] for i in order[:limit] if scores[i] >= _ENOUGH * best]


def _context(text: str) -> Context:
    """Cut a context into sentences and weigh its words."""
    candidates = [c for c in _candidates(text) if not _is_question(c.text)]
    stemmed = [stems(c.text) for c in candidates]
    return Context(candidates, stemmed, _weights(stemmed))


_short_context = lru_cache(maxsize=_CONTEXTS)(_context)


def _is_question(text: str) -> bool:
    return text.rstrip(' "»*').endswith("?")


def _score(requested: set[str], stemmed: Sequence[str], weights: dict[str, float]) -> float:
    shared = requested.intersection(stemmed)
    if not shared:
        return 0.0
    length = max(6, len(stemmed))
    rarity = sum(weights[s] for s in sorted(shared))
    return rarity * (0.5 + len(shared) / len(requested)) / sqrt(sqrt(length))


def cite_sentences(found: Sequence[Sentence]) -> str:
    """Format sentences in the order of the context, each with its citation."""
    ordered = sorted(found, key=lambda s: s.position)
    return " ".join(_cited(s) for s in ordered)


def _cited(sentence: Sentence) -> str:
    text = sentence.text.strip(" -*•#")
    if text and text[-1] not in ".!?…:":
        text += "."
    return f"{text} [{sentence.passage}]" if sentence.passage else text
