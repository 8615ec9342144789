"""Results of operations other than chats: rankings, audio, images, models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmaas._tokens import Usage
from llmaas.pricing import rerank_cost_micro_eur


@dataclass(frozen=True, slots=True)
class Backend:
    """The engine and the machine that answered (the ``backend`` object of the body)."""

    engine_type: str | None = None
    machine_name: str | None = None

    def to_dict(self) -> dict[str, str]:
        """Return the known values by name."""
        return known_values(self)


@dataclass(frozen=True, slots=True)
class RerankResult:
    """One document of a ranking: its position in the input and its raw score (a logit)."""

    index: int
    relevance_score: float
    document: str | None = None

    @property
    def normalized_score(self) -> float:
        """The score as 0..1: the logistic function of a raw logit."""
        from math import exp

        x = self.relevance_score
        return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


@dataclass(frozen=True, slots=True)
class RerankResponse:
    """Documents by falling relevance. ``documents`` counts all that were submitted (billed)."""

    results: tuple[RerankResult, ...]
    model: str
    documents: int
    id: str | None = None
    usage: Usage | None = None
    backend: Backend | None = None
    errors: Mapping[int, Exception] = field(default_factory=dict)
    """Documents that were not ranked, by position: no result, or a score that is no number."""

    @property
    def cost_micro_eur(self) -> int:
        """The cost in millionths of a euro: every submitted document counts."""
        return rerank_cost_micro_eur(self.documents)


@dataclass(frozen=True, slots=True)
class Transcription:
    """The text of a recording; ``segments`` are as sent and may be missing."""

    text: str
    language: str | None = None
    segments: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Speech:
    """Audio bytes in the ``response_format`` asked for; ``duration`` in seconds if told."""

    audio: bytes
    content_type: str
    duration: float | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """One drawn image: its bytes (usually PNG), or the URL where the service keeps it."""

    data: bytes | None = None
    url: str | None = None
    error: Exception | None = None
    """Why this one of several images cannot be used; it has neither bytes nor URL then."""


@dataclass(frozen=True, slots=True)
class LiveModel:
    """One entry of ``GET /v1/models``. ``context_tokens`` is None where the list says 0."""

    id: str
    root: str | None = None
    aliases: tuple[str, ...] = ()
    context_tokens: int | None = None
    owned_by: str | None = None


def known_values(value: Any) -> dict[str, Any]:
    """Return the values of a slotted dataclass by name, without those that are None."""
    facts = ((name, getattr(value, name)) for name in value.__slots__)
    return {name: fact for name, fact in facts if fact is not None}
