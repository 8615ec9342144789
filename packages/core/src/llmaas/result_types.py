"""Result types of rankings, audio, images and model lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmaas._tokens import Usage
from llmaas.pricing import rerank_cost_micro_eur


@dataclass(frozen=True, slots=True)
class Backend:
    """Engine and machine that answered (the ``backend`` object of the body)."""

    engine_type: str | None = None
    machine_name: str | None = None

    def to_dict(self) -> dict[str, str]:
        """Return the known values by name."""
        return known_values(self)


@dataclass(frozen=True, slots=True)
class RerankResult:
    """Ranked document: its position in the input and its raw score (a logit)."""

    index: int
    relevance_score: float
    document: str | None = None

    @property
    def normalized_score(self) -> float:
        """Score between 0 and 1: the logistic function of the raw score."""
        from math import exp

        x = self.relevance_score
        return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


@dataclass(frozen=True, slots=True)
class RerankResponse:
    """Documents by descending relevance; ``documents`` counts all submitted (billed) ones."""

    results: tuple[RerankResult, ...]
    model: str
    documents: int
    id: str | None = None
    usage: Usage | None = None
    backend: Backend | None = None
    errors: Mapping[int, Exception] = field(default_factory=dict)
    """Errors of documents without a result or with a score that is not a number, by position."""

    @property
    def cost_micro_eur(self) -> int:
        """Cost in micro-EUR: every submitted document counts."""
        return rerank_cost_micro_eur(self.documents)


@dataclass(frozen=True, slots=True)
class Transcription:
    """Text of an audio file; ``segments`` are as sent and may be missing."""

    text: str
    language: str | None = None
    segments: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Speech:
    """Audio bytes in the requested ``response_format``; ``duration`` in seconds, if reported."""

    audio: bytes
    content_type: str
    duration: float | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """Generated image: its bytes (usually PNG), or the URL where the service stores it."""

    data: bytes | None = None
    url: str | None = None
    error: Exception | None = None
    """Error of an image among several that has neither bytes nor URL."""


@dataclass(frozen=True, slots=True)
class LiveModel:
    """Entry of ``GET /v1/models``; ``context_tokens`` is None if the list reports 0."""

    id: str
    root: str | None = None
    aliases: tuple[str, ...] = ()
    context_tokens: int | None = None
    owned_by: str | None = None


def known_values(value: Any) -> dict[str, Any]:
    """Convert a slotted dataclass to a dict without the values that are None."""
    facts = ((name, getattr(value, name)) for name in value.__slots__)
    return {name: fact for name, fact in facts if fact is not None}
