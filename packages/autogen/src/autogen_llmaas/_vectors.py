"""Vectors of remembered texts: each is embedded once, whatever fails or is asked at once."""

from __future__ import annotations

import asyncio
import logging
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from autogen_llmaas._question import shortened
from autogen_llmaas.embeddings import LLMaaSEmbeddings
from llmaas.adapters import may_concern_a_text

_logger = logging.getLogger("autogen_llmaas")
_MOST_QUESTIONS = 64
T = TypeVar("T")
_ROUNDS = 3
"""Attempts to have all vectors of one model when the answering one changes meanwhile."""


class TextVectors:
    """Vectors by text, all of the model that answered last."""

    def __init__(self, embeddings: LLMaaSEmbeddings, model: str | None = None) -> None:
        self.model = model
        self.known: dict[str, array[float]] = {}
        self._refused: set[str] = set()
        self._questions: dict[str, array[float]] = {}
        self._embeddings = embeddings
        self._locks: dict[asyncio.AbstractEventLoop, asyncio.Lock] = {}

    async def complete(self, question: str, texts: Sequence[str]) -> array[float] | None:
        """Embed what is new of the texts, and the question; return its vector.

        A refused text is left out with a warning, and not sent again. A question that is too long
        is shortened; None when it is refused for another reason.
        """
        for _ in range(_ROUNDS):
            if not self._new(texts):
                break
            async with self._lock():  # a query at the same time waits, and finds them embedded
                if new := self._new(texts):
                    asked = [] if question in new or self._of(question) else [question]
                    await self._embed([*asked, *new], *asked)
        return self._of(question) or await self._ask(question)

    def comparable(
        self, wanted: array[float], contents: Sequence[tuple[T, str]]
    ) -> list[tuple[array[float], T]]:
        """Return each content whose text has a vector like the wanted one, with it."""
        found = ((self.known.get(text), content) for content, text in contents)
        return [(v, content) for v, content in found if v is not None and len(v) == len(wanted)]

    async def _ask(self, question: str) -> array[float] | None:
        text = question
        while text.strip():
            error = await self._embed([text], text)
            if error is None:
                self._note_question(question, self._questions.pop(text))
                return self._of(question)
            text = shortened(text, error)
        _logger.warning("A question was refused: nothing is looked up in the memory.")
        return None

    async def _embed(self, texts: list[str], question: str | None = None) -> Exception | None:
        """Embed texts; return why the question was refused."""

        def keep(start: int, vectors: Sequence[Any]) -> None:
            for text, vector in zip(texts[start:], vectors, strict=False):
                if vector is not None:
                    self._keep(text, array("f", vector), is_question=text == question)

        refusal = None
        for position, error in (await self._errors(texts, keep)).items():
            if texts[position] == question:
                refusal = error
            elif texts[position] not in self._refused:
                self._refused.add(texts[position])
                _logger.warning("A memory cannot be found by queries: %s", error)
        return refusal

    async def _errors(
        self, texts: list[str], keep: Callable[[int, Sequence[Any]], None]
    ) -> Mapping[int, Exception]:
        """Embed texts, and return those that were refused; a single one is as well."""
        try:
            answer = await self._embeddings.embed_each(texts, on_batch=keep, on_model=self._switch)
        except Exception as error:
            if len(texts) > 1 or not may_concern_a_text(error, ("model",)):
                raise
            return {0: error}
        return answer.errors

    def _keep(self, text: str, vector: array[float], *, is_question: bool) -> None:
        if is_question:
            self._note_question(text, vector)
        else:
            self.known[text] = vector

    def _note_question(self, text: str, vector: array[float]) -> None:
        while len(self._questions) >= _MOST_QUESTIONS:
            self._questions.pop(next(iter(self._questions)))
        self._questions[text] = vector

    def _of(self, question: str) -> array[float] | None:
        return self.known.get(question) or self._questions.get(question)

    def _new(self, texts: Sequence[str]) -> list[str]:
        known, refused = self.known, self._refused
        return [t for t in dict.fromkeys(texts) if t not in known and t not in refused]

    def _switch(self, model: str) -> None:
        """Forget vectors of another model: they do not compare."""
        if self.model is not None and model != self.model:
            self.known.clear()
            self._questions.clear()
            self._refused.clear()
        self.model = model

    def _lock(self) -> asyncio.Lock:
        return self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
