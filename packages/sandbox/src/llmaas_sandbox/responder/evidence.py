"""Values found in a text: quotes, numbers, names, dates, addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from llmaas_sandbox.responder.words import STOP_WORDS, normalize, words

_QUOTED = re.compile(
    r"[\"“«]([^\"”»]{1,300})[\"”»]|(?<![\w])'([^']{1,200})'(?![\w])|`([^`]{1,200})`"
)
_NUMBER = re.compile(
    r"(?<![\w.,-])-?\d+(?:[.,]\d+)?(?![\w])(?!\s*[/:]\s*\d)(?!-\d)|(?<![\w.,-])-?\d+(?:\.\d+)?(?=\s*[*/+^x\u00d7-]\s*\d|(?:px|km|kg|cm|mm|h|€|%|s|g|m)\b)"
)
_NAME = re.compile(
    r"\b[A-ZÀ-Ý][\w\u2019'-]*(?:[ -](?:(?:de|du|des|la|le|of|von|van)[ -])?[A-ZÀ-Ý][\w\u2019'-]*)*"
)
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{0,190}\w")
_URL = re.compile(r"https?://[^\s)>\"']+")
_MATH = re.compile(
    r"\(?-?\d[\d\s.,()]{0,30}(?:\s{0,3}(?:\*\*|[-+*/^x\u00d7])\s{0,3}\(?-?\d[\d.,()]{0,30}){1,50}"
)
_AGE = re.compile(r"\s?\(\d")
_PLACE = re.compile(
    r"\b(?:in|at|for|from|to|à|au|aux|en|pour|de|sur|near|près de)\s+"
    r"(?P<place>[A-ZÀ-Ý][\w\u2019'-]*(?:[ -][A-ZÀ-Ý][\w\u2019'-]*)*)"
)


@dataclass(slots=True)
class Evidence:
    """Values of one text by kind, consumed in order of appearance."""

    text: str
    quoted: list[str] = field(init=False)
    numbers: list[float] = field(init=False)
    names: list[str] = field(init=False)
    places: list[str] = field(init=False)
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        found = (next(g for g in m.groups() if g).strip() for m in _QUOTED.finditer(self.text))
        self.quoted = [text for text in found if text]
        bare = _DATE.sub(" ", _URL.sub(" ", _EMAIL.sub(" ", self.text)))
        self.numbers = [
            float(m.replace(",", ".")) for m in _NUMBER.findall(bare) if len(m) <= _DIGITS
        ]
        self.places = [m["place"] for m in _PLACE.finditer(self.text)]
        self.names = _names(bare)

    def first(self, kind: str) -> str | None:
        """Return the first ``date``, ``email``, ``url`` or ``math`` of the text."""
        found = _KINDS[kind].search(self.text)
        return found.group().strip() if found else None

    def take_number(self) -> float | None:
        """Take the next number."""
        return self.numbers.pop(0) if self.numbers else None

    def take_name(self, prefer_places: bool = False) -> str | None:
        """Take the next proper noun that was not taken yet."""
        pool = (self.places if prefer_places else []) + self.names
        for name in pool:
            if name not in self.used:
                self.used.add(name)
                return name
        return None

    def take_quoted(self) -> str | None:
        """Take the next quoted text."""
        return self.quoted.pop(0) if self.quoted else None

    def number_near(self, hints: set[str]) -> float | None:
        """Take the number that stands closest to one of the words, within five words."""
        tokens = re.findall(r"-?\d+(?:[.,]\d+)?|[^\W\d_]+", self.text[:_NEAR])
        spots = [i for i, t in enumerate(tokens) if normalize(t) in hints][:20]
        best: tuple[int, float] | None = None
        for i, token in enumerate(tokens):
            if not spots or len(token) > _DIGITS or not token.strip("-")[0].isdigit():
                continue
            value, distance = float(token.replace(",", ".")), min(abs(i - s) for s in spots)
            if value in self.numbers and distance <= 5 and (best is None or distance < best[0]):
                best = (distance, value)
        if best is None:
            return None
        self.numbers.remove(best[1])
        return best[1]


_DIGITS, _NEAR = 15, 4_000
"""Digits of a number that counts as one; characters in which one near a word is looked for."""
_KINDS = {"date": _DATE, "email": _EMAIL, "url": _URL, "math": _MATH}


def _names(text: str) -> list[str]:
    found = []
    for match in _NAME.finditer(text):
        name = match.group().strip("\u2019'-")
        starts_sentence = (
            not (before := text[max(0, match.start() - 99) : match.start()].rstrip())
            or before[-1] in ".!?:\n"
        )
        if starts_sentence:
            first, _, rest = name.partition(" ")
            if normalize(first) in STOP_WORDS or not rest:
                name = (
                    rest
                    if normalize(first) in STOP_WORDS
                    else (name if _lone(text, match) else rest)
                )
        if name and normalize(name) not in STOP_WORDS and len(name) > 1:
            found.append(name)
    return list(dict.fromkeys(found))


def _lone(text: str, match: re.Match[str]) -> bool:
    """Whether a sentence's first word is a name: a verb, "and" or a number "(36)" follows."""
    if _AGE.match(text, match.end()):
        return True
    following = words(text[match.end() : match.end() + 20])
    return bool(following) and normalize(following[0]) in {
        "is",
        "est",
        "a",
        "has",
        "and",
        "et",
        "was",
        "lives",
        "habite",
        "works",
    }
