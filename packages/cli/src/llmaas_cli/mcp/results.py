"""Results of MCP tools: structured content with usage and cost."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict  # required by pydantic before Python 3.12

from llmaas.types import Completion


class ChatResult(TypedDict):
    """Answer of a chat; ``cost_eur`` is None without reported usage."""

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


class EmbedResult(TypedDict):
    """Vectors in the order of the texts; ``errors`` by position of the texts without one."""

    model: str
    dimensions: int
    vectors: list[list[float] | None]
    errors: dict[str, str]
    cost_eur: float | None


class RankedDocument(TypedDict):
    """Document with its position; ``score`` is between 0 and 1."""

    index: int
    score: float
    document: str


class RerankResult(TypedDict):
    """Documents by descending relevance; ``errors`` by position of those not ranked."""

    model: str
    results: list[RankedDocument]
    errors: dict[str, str]
    cost_eur: float


class TranscribeResult(TypedDict):
    """Transcription; ``segments`` have ``start`` and ``end`` in seconds if reported."""

    text: str
    language: str | None
    segments: list[dict[str, Any]]


class ModelInfo(TypedDict):
    """Model of the catalog; energy in kWh per million tokens."""

    id: str
    category: str
    context_tokens: int | None
    tools: bool | None
    vision: bool | None
    reasoning: bool | None
    kwh_per_mtoken: float | None
    end_of_support: str | None
    successor: str | None


class ModelsResult(TypedDict):
    """Models that match a query."""

    models: list[ModelInfo]


class CostResult(TypedDict):
    """Estimated cost, and the caller's budget in EUR (None: no limit)."""

    model: str
    estimate_eur: float
    energy_kwh: float | None
    fits_context: bool | None
    spent_eur: float | None
    remaining_eur: float | None


def to_eur(micro_eur: int | None) -> float | None:
    """Convert micro-EUR to EUR."""
    return None if micro_eur is None else micro_eur / 1_000_000


def to_chat_result(answer: Completion) -> ChatResult:
    """Convert an answer to plain data."""
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
        "cost_eur": to_eur(answer.cost_micro_eur),
        "request_id": answer.request_id,
    }
