"""Interface of a framework's demo: one function and one entry point.

In the package's ``pyproject.toml``::

    [project.entry-points."llmaas.demos"]
    haystack = "haystack_llmaas_demo:demo"

and the function, which answers the question from the documents with the framework's own
components (embed, find, rank, then stream the answer)::

    def demo(question, documents, *, client_settings, out):
        passages = split(documents)               # the same passages for all
        ...                                       # embed, find the best twenty, rerank
        for piece in stream:                      # build_messages(question, best) is the prompt
            out(piece)                            # text only; reasoning goes into the result
        return DemoResult(framework="haystack", answer=..., sources=..., usage=..., ...)

It runs synchronously (an async framework calls ``asyncio.run``), takes address, key and
model names from ``client_settings`` only, and does not catch errors: the runner reports them.
The package's extra ``demo`` installs what only the demo imports; the runner suggests it.
Costs and energy are computed from the counts of the result; the runner fills in the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from llmaas.types import Backend, Usage
from llmaas_cli.demo.documents import Document
from llmaas_cli.demo.passages import Passage

CHAT_MODEL, EMBEDDING_MODEL, RERANK_MODEL = "gpt-oss:120b", "bge-m3:567m", "qwen3-reranker:4b"


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """Address, API key and models of a demo run."""

    base_url: str
    api_key: str = field(repr=False)
    chat_model: str = CHAT_MODEL
    embedding_model: str = EMBEDDING_MODEL
    rerank_model: str = RERANK_MODEL


@dataclass(frozen=True, slots=True)
class Source:
    """Passage cited under ``number``, with its rerank score."""

    number: int
    passage: Passage
    score: float | None = None


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Answer with its sources, usage and timing.

    ``usage`` sums the chat calls, ``embedding_tokens`` all texts and questions embedded,
    ``ranked_documents`` those submitted to the reranker, ``reasoning`` is the reasoning text
    of the last answer. Costs are in micro-EUR.
    """

    framework: str
    answer: str
    sources: tuple[Source, ...] = ()
    usage: Usage | None = None
    embedding_tokens: int = 0
    ranked_documents: int = 0
    backend: Backend | None = None
    seconds: float | None = None
    seconds_to_first_text: float | None = None
    chat_model: str = CHAT_MODEL
    embedding_model: str = EMBEDDING_MODEL
    reasoning: str = ""

    @property
    def costs(self) -> dict[str, int]:
        """Cost of each step by today's tariff; embedding at the price of input tokens."""
        from llmaas.pricing import chat_cost_micro_eur, rerank_cost_micro_eur

        embedded = Usage(self.embedding_tokens, 0, self.embedding_tokens)
        return {
            "embed": chat_cost_micro_eur(embedded),
            "rerank": rerank_cost_micro_eur(self.ranked_documents),
            "chat": chat_cost_micro_eur(self.usage) if self.usage else 0,
        }

    @property
    def cost_micro_eur(self) -> int:
        """Cost of all steps."""
        return sum(self.costs.values())

    @property
    def energy_kwh(self) -> float | None:
        """Estimated energy of embedding and chat in kWh; none is published for rerank models."""
        from llmaas.energy import chat_energy_kwh, energy_kwh

        chat = chat_energy_kwh(self.usage, self.chat_model) if self.usage else None
        embed = energy_kwh(self.embedding_model, self.embedding_tokens)
        known = [kwh for kwh in (chat, embed) if kwh is not None]
        return sum(known) if known else None

    def as_dict(self) -> dict[str, Any]:
        """Convert to plain JSON values."""
        return {
            "framework": self.framework,
            "answer": self.answer,
            "reasoning": self.reasoning,
            "sources": [_source_to_dict(source) for source in self.sources],
            "usage": asdict(self.usage) if self.usage else None,
            "embedding_tokens": self.embedding_tokens,
            "ranked_documents": self.ranked_documents,
            "costs_micro_eur": self.costs,
            "cost_eur": self.cost_micro_eur / 1_000_000,
            "energy_kwh_estimate": self.energy_kwh,
            "backend": asdict(self.backend) if self.backend else None,
            "seconds": self.seconds,
            "seconds_to_first_text": self.seconds_to_first_text,
            "chat_model": self.chat_model,
            "embedding_model": self.embedding_model,
        }


class DemoFunction(Protocol):
    """Function that an entry point of ``llmaas.demos`` refers to."""

    def __call__(
        self,
        question: str,
        documents: Sequence[Document],
        *,
        client_settings: DemoSettings,
        out: Callable[[str], None],
    ) -> DemoResult:
        """Answer ``question`` from ``documents``, passing the answer's text to ``out``."""
        ...


def _source_to_dict(source: Source) -> dict[str, object]:
    passage = source.passage
    return {
        "number": source.number,
        "title": passage.title,
        "heading": passage.heading,
        "paragraphs": [passage.first, passage.last],
        "document": passage.document,
        "score": source.score,
    }
