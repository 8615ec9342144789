"""Results of MCP tools: structured content with usage and cost."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from llmaas.types import Completion


class Chatted(TypedDict):
    """An answer. ``cost_eur`` is None where the service did not tell the usage."""

    text: str
    reasoning: str | None
    parsed: Any
    model: str
    finish_reason: str | None
    empty_reason: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_eur: float | None
    request_id: str | None


class Embedded(TypedDict):
    """Vectors in the order of the texts; ``errors`` name texts that have none, by position."""

    model: str
    dimensions: int
    vectors: list[list[float] | None]
    errors: dict[str, str]
    cost_eur: float | None


class RankedDocument(TypedDict):
    """A document by its position; ``score`` is between 0 and 1."""

    index: int
    score: float
    document: str


class Reranked(TypedDict):
    """Documents by falling relevance; ``errors`` name those that were not ranked."""

    model: str
    results: list[RankedDocument]
    errors: dict[str, str]
    cost_eur: float


class Transcribed(TypedDict):
    """What was said. ``segments`` have ``start`` and ``end`` in seconds where they are told."""

    text: str
    language: str | None
    segments: list[dict[str, Any]]


class ModelFacts(TypedDict):
    """One model of the catalog; prices are those of the service, energy in kWh per million."""

    id: str
    category: str
    context_tokens: int | None
    tools: bool | None
    vision: bool | None
    reasoning: bool | None
    kwh_per_mtoken: float | None
    end_of_support: str | None
    successor: str | None


class Models(TypedDict):
    """The models that fit what was asked for."""

    models: list[ModelFacts]


class Cost(TypedDict):
    """An estimate before a call, and what this caller may still spend (EUR, None: no limit)."""

    model: str
    estimate_eur: float
    energy_kwh: float | None
    fits_context: bool | None
    spent_eur: float | None
    remaining_eur: float | None


def euros(micro_eur: int | None) -> float | None:
    """Return millionths of a euro as EUR."""
    return None if micro_eur is None else micro_eur / 1_000_000


def chatted(answer: Completion) -> Chatted:
    """Return an answer as plain data."""
    usage = answer.usage
    return {
        "text": answer.text,
        "reasoning": answer.reasoning,
        "parsed": answer.parsed,
        "model": answer.model,
        "finish_reason": answer.finish_reason,
        "empty_reason": answer.empty_reason,
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": usage.completion_tokens if usage else None,
        "cost_eur": euros(answer.cost_micro_eur),
        "request_id": answer.request_id,
    }
