"""Costs of calls by date, in whole millionths of a euro.

Prices are those that Cloud Temple published on the dates given (EUR per million tokens, so
micro-EUR per token). The service returns no cost: every amount here is computed from usage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from llmaas._tokens import Usage
from llmaas._tokens import estimate_tokens as estimate_tokens

_Amount = TypeVar("_Amount", int, float)


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices in force from ``since`` on; ``None`` where there was no price yet.

    Tokens are priced in micro-EUR per 1,000 tokens, documents in micro-EUR per document,
    audio in micro-EUR per started minute: whole numbers, no rounding.
    """

    since: date
    prompt: int
    completion: int
    reasoning: int
    batch_prompt: int | None = None
    batch_completion: int | None = None
    rerank_document: int | None = None
    audio_minute: int | None = None


TARIFFS = (
    Tariff(date(2025, 6, 5), 900, 4_000, 21_000),
    Tariff(date(2025, 6, 29), 900, 4_000, 21_000, audio_minute=10_000),
    Tariff(date(2026, 2, 10), 1_900, 8_000, 8_000, audio_minute=10_000),
    # The rerank unit was first printed as tokens; the service corrected it to documents.
    Tariff(date(2026, 5, 17), 1_800, 8_000, 8_000, 900, 4_000, 4, 10_000),
)
"""Every published price list, oldest first."""


_UNPRICED = ("speech", "image")
_AUDIO = ("audio", "transcription")


def tariff(on: date | None = None) -> Tariff:
    """Return the prices of a day (today by default); ``ValueError`` before the first list."""
    day = on or datetime.now(UTC).date()
    for prices in reversed(TARIFFS):
        if prices.since <= day:
            return prices
    raise ValueError(f"no price on {day}: the first price list is of {TARIFFS[0].since}")


def chat_cost_micro_eur(usage: Usage, *, on: date | None = None, batch: bool = False) -> int:
    """Return the cost of an answer.

    Reasoning is a part of ``completion_tokens`` unless ``total_tokens`` shows that it was
    counted beside them; only then is it a third term.
    """
    prices = tariff(on)
    inside, beside = _reasoning(usage)
    plain = usage.completion_tokens - inside
    if batch:
        prompt = _published(prices.batch_prompt, "batch", prices)
        completion = reasoning = _published(prices.batch_completion, "batch", prices)
    else:
        prompt, completion, reasoning = prices.prompt, prices.completion, prices.reasoning
    thousandths = usage.prompt_tokens * prompt + plain * completion + (inside + beside) * reasoning
    return (thousandths + 500) // 1_000


def rerank_cost_micro_eur(documents: int, *, on: date | None = None) -> int:
    """Return the cost of ranking: every submitted document counts, whatever ``top_n``."""
    prices = tariff(on)
    return _counted(documents) * _published(prices.rerank_document, "rerank", prices)


def audio_cost_micro_eur(seconds: float, *, on: date | None = None) -> int:
    """Return the cost of a transcription: each started minute counts."""
    prices = tariff(on)
    minutes = math.ceil(_counted(seconds) / 60)
    return minutes * _published(prices.audio_minute, "audio", prices)


def unit_prices_eur(category: str, on: date | None = None) -> dict[str, float]:
    """Return the published unit prices for a catalog category; empty where there is none."""
    prices = tariff(on)
    if category in _UNPRICED:
        return {}
    if category == "rerank":
        return {"million_documents": float(prices.rerank_document or 0)}
    if category in _AUDIO:
        return {"started_minute": (prices.audio_minute or 0) / 1_000_000}
    if category == "embedding":
        return {"million_tokens_in": prices.prompt / 1_000}
    return {
        "million_tokens_in": prices.prompt / 1_000,
        "million_tokens_out": prices.completion / 1_000,
    }


def token_price_eur(category: str, on: date | None = None) -> float | None:
    """Return EUR per million tokens out (in, for embeddings); None where tokens have no price."""
    prices = unit_prices_eur(category, on)
    return prices.get("million_tokens_out") or prices.get("million_tokens_in")


def billed_output_tokens(usage: Usage) -> int:
    """Return the output tokens that a cost is made of, reasoning counted beside them included."""
    return usage.completion_tokens + _reasoning(usage)[1]


def format_eur(micro_eur: int) -> str:
    """Return an amount as ``0.001234 EUR``, exact to the micro-euro."""
    sign = "-" if micro_eur < 0 else ""
    euros, micro = divmod(abs(micro_eur), 1_000_000)
    return f"{sign}{euros}.{micro:06d} EUR"


def _reasoning(usage: Usage) -> tuple[int, int]:
    """Return the reasoning tokens (inside, beside) ``completion_tokens``."""
    tokens = usage.reasoning_tokens or 0
    apart = usage.prompt_tokens + usage.completion_tokens + tokens
    if tokens and usage.total_tokens == apart:
        return 0, tokens
    return min(tokens, usage.completion_tokens), 0


def _published(price: int | None, what: str, prices: Tariff) -> int:
    if price is None:
        raise ValueError(f"no {what} price was published in the list of {prices.since}")
    return price


def _counted(amount: _Amount) -> _Amount:
    if amount < 0:
        raise ValueError(f"cannot price a negative amount: {amount}")
    return amount
