"""Dated tariffs and costs of calls, in whole micro-EUR (millionths of a euro).

Prices are those that Cloud Temple published on the given dates (EUR per million tokens, that is
micro-EUR per token). The service reports no cost: every amount is computed from usage.
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
    """Prices in force from ``since`` on; None if there was no price yet.

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
    """Return the tariff of a day. Defaults to today (UTC).

    Raises ``ValueError`` for days before the first tariff.
    """
    day = on or datetime.now(UTC).date()
    for prices in reversed(TARIFFS):
        if prices.since <= day:
            return prices
    raise ValueError(f"on must be {TARIFFS[0].since} or later (the first price list), got {day}")


def chat_cost_micro_eur(usage: Usage, *, on: date | None = None, batch: bool = False) -> int:
    """Compute the cost of an answer in micro-EUR.

    Reasoning tokens are part of ``completion_tokens``, unless ``total_tokens`` shows that they
    were counted separately; only then are they a third term.
    """
    prices = tariff(on)
    included, separate = _reasoning(usage)
    plain = usage.completion_tokens - included
    if batch:
        prompt = _published(prices.batch_prompt, "batch", prices)
        completion = reasoning = _published(prices.batch_completion, "batch", prices)
    else:
        prompt, completion, reasoning = prices.prompt, prices.completion, prices.reasoning
    thousandths = (
        usage.prompt_tokens * prompt + plain * completion + (included + separate) * reasoning
    )
    return (thousandths + 500) // 1_000


def rerank_cost_micro_eur(documents: int, *, on: date | None = None) -> int:
    """Compute the cost of a ranking in micro-EUR; ``top_n`` does not reduce it."""
    prices = tariff(on)
    return _check_amount(documents) * _published(prices.rerank_document, "rerank", prices)


def audio_cost_micro_eur(seconds: float, *, on: date | None = None) -> int:
    """Compute the cost of a transcription in micro-EUR per started minute."""
    prices = tariff(on)
    minutes = math.ceil(_check_amount(seconds) / 60)
    return minutes * _published(prices.audio_minute, "audio", prices)


def unit_prices_eur(category: str, on: date | None = None) -> dict[str, float]:
    """Return the published unit prices of a catalog category; empty if there are none."""
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
    """Return EUR per million output tokens (input, for embeddings); None if not priced."""
    prices = unit_prices_eur(category, on)
    return prices.get("million_tokens_out") or prices.get("million_tokens_in")


def billed_output_tokens(usage: Usage) -> int:
    """Return the billed output tokens, including separately counted reasoning."""
    return usage.completion_tokens + _reasoning(usage)[1]


def format_eur(micro_eur: int) -> str:
    """Format an amount as ``0.001234 EUR``, exact to the micro-EUR."""
    sign = "-" if micro_eur < 0 else ""
    euros, micro = divmod(abs(micro_eur), 1_000_000)
    return f"{sign}{euros}.{micro:06d} EUR"


def _reasoning(usage: Usage) -> tuple[int, int]:
    """Return the reasoning tokens within ``completion_tokens``, and those counted separately."""
    tokens = usage.reasoning_tokens or 0
    total = usage.prompt_tokens + usage.completion_tokens + tokens
    if tokens and usage.total_tokens == total:
        return 0, tokens
    return min(tokens, usage.completion_tokens), 0


def _published(price: int | None, what: str, prices: Tariff) -> int:
    if price is None:
        raise ValueError(f"the price list of {prices.since} has no {what} price")
    return price


def _check_amount(amount: _Amount) -> _Amount:
    if amount < 0:
        raise ValueError(f"amount must be >= 0, got {amount}")
    return amount
