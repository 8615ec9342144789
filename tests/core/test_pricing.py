from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmaas.energy import chat_energy_kwh, energy_kwh
from llmaas.pricing import (
    TARIFFS,
    audio_cost_micro_eur,
    chat_cost_micro_eur,
    estimate_tokens,
    format_eur,
    rerank_cost_micro_eur,
    tariff,
)
from llmaas.types import Usage

DAY = date(2026, 10, 1)
counts = st.integers(0, 10**9)
days = st.dates(TARIFFS[0].since, date(2030, 1, 1))


@pytest.mark.parametrize(
    ("day", "prompt", "completion", "reasoning"),
    [
        (date(2025, 6, 5), 900, 4_000, 21_000),
        (date(2026, 2, 9), 900, 4_000, 21_000),
        (date(2026, 2, 10), 1_900, 8_000, 8_000),
        (date(2026, 5, 16), 1_900, 8_000, 8_000),
        (date(2026, 5, 17), 1_800, 8_000, 8_000),
        (DAY, 1_800, 8_000, 8_000),
    ],
)
def test_the_price_list_of_a_day(day, prompt, completion, reasoning):
    prices = tariff(day)
    assert (prices.prompt, prices.completion, prices.reasoning) == (prompt, completion, reasoning)


def test_no_price_before_the_first_list():
    with pytest.raises(ValueError, match="must be 2025-06-05 or later"):
        tariff(date(2025, 6, 4))


def test_a_million_tokens_each_way():
    usage = Usage(1_000_000, 1_000_000, 2_000_000)
    assert chat_cost_micro_eur(usage, on=DAY) == 9_800_000
    assert chat_cost_micro_eur(usage, on=DAY, batch=True) == 4_900_000


def test_reasoning_inside_the_completion_is_not_billed_twice():
    inside = Usage(100, 50, 150, reasoning_tokens=30)
    assert chat_cost_micro_eur(inside, on=DAY) == 180 + 400


def test_reasoning_beside_the_completion_is_a_third_term():
    beside = Usage(100, 50, 180, reasoning_tokens=30)
    assert chat_cost_micro_eur(beside, on=DAY) == 180 + 400 + 240
    assert chat_cost_micro_eur(beside, on=DAY, batch=True) == 90 + 200 + 120


def test_reasoning_had_its_own_price_in_2025():
    day = date(2025, 7, 1)
    assert chat_cost_micro_eur(Usage(0, 50, 50, 30), on=day) == 20 * 4 + 30 * 21
    assert chat_cost_micro_eur(Usage(0, 50, 80, 30), on=day) == 50 * 4 + 30 * 21


@pytest.mark.parametrize("total", [0, 149, 151, 10_000])
def test_a_total_that_proves_nothing_adds_nothing(total):
    usage = Usage(100, 50, total, reasoning_tokens=30)
    assert chat_cost_micro_eur(usage, on=DAY) == 580


def test_half_micro_euros_are_rounded_up():
    assert chat_cost_micro_eur(Usage(1, 0, 1), on=DAY) == 2  # 1.8
    assert chat_cost_micro_eur(Usage(4, 0, 4), on=DAY) == 7  # 7.2
    assert chat_cost_micro_eur(Usage(5, 0, 5), on=DAY, batch=True) == 5  # 4.5


@given(counts, counts, days)
def test_the_cost_is_exact_to_half_a_micro_euro(prompt, completion, day):
    usage = Usage(prompt, completion, prompt + completion)
    prices = tariff(day)
    exact = Fraction(prompt * prices.prompt + completion * prices.completion, 1_000)
    cost = chat_cost_micro_eur(usage, on=day)
    assert isinstance(cost, int)
    assert abs(cost - exact) <= Fraction(1, 2)


@given(counts, counts, counts)
def test_with_equal_prices_reasoning_costs_what_its_tokens_cost(prompt, completion, reasoning):
    beside = Usage(prompt, completion, prompt + completion + reasoning, reasoning)
    together = Usage(prompt, completion + reasoning, prompt + completion + reasoning)
    assert chat_cost_micro_eur(beside, on=DAY) == chat_cost_micro_eur(together, on=DAY)


@given(counts, counts, counts, counts)
def test_no_usage_costs_less_than_its_visible_tokens(prompt, completion, total, reasoning):
    usage = Usage(prompt, completion, total, reasoning)
    plain = Usage(prompt, completion, prompt + completion)
    assert chat_cost_micro_eur(usage, on=DAY) >= chat_cost_micro_eur(plain, on=DAY)


def test_ranking_bills_every_document():
    assert rerank_cost_micro_eur(100_000, on=DAY) == 400_000  # 1,000 queries of 100 documents
    assert rerank_cost_micro_eur(0, on=DAY) == 0


@pytest.mark.parametrize(
    ("seconds", "cost"),
    [(0, 0), (0.1, 10_000), (60, 10_000), (60.01, 20_000), (3600, 600_000)],
)
def test_audio_bills_started_minutes(seconds, cost):
    assert audio_cost_micro_eur(seconds, on=DAY) == cost


def test_what_had_no_price_yet_is_an_error_not_a_zero():
    with pytest.raises(ValueError, match="no rerank price"):
        rerank_cost_micro_eur(1, on=date(2026, 3, 1))
    with pytest.raises(ValueError, match="no batch price"):
        chat_cost_micro_eur(Usage(1, 1, 2), on=date(2026, 3, 1), batch=True)
    with pytest.raises(ValueError, match="no audio price"):
        audio_cost_micro_eur(1, on=date(2025, 6, 5))


def test_negative_amounts_are_refused():
    with pytest.raises(ValueError, match="must be >= 0"):
        rerank_cost_micro_eur(-1, on=DAY)
    with pytest.raises(ValueError, match="must be >= 0"):
        audio_cost_micro_eur(-1.0, on=DAY)


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcdefgh", 2)])
def test_four_characters_are_a_token(text, tokens):
    assert estimate_tokens(text) == tokens


def test_the_documented_estimate():
    assert estimate_tokens("x" * 26) == 6


def test_energy_is_that_of_the_model_that_serves():
    assert energy_kwh("gpt-oss:120b", 1_000_000) == pytest.approx(2.37)
    assert energy_kwh("gpt-oss:20b", 1_000_000) == pytest.approx(2.37)
    assert energy_kwh("qwen3-reranker:4b", 1) is None
    assert energy_kwh("nobody:1b", 1) is None


def test_energy_counts_reasoning_beside_the_completion():
    usage = Usage(10, 400_000, 1_000_010, reasoning_tokens=600_000)
    assert chat_energy_kwh(usage, "gpt-oss:120b") == pytest.approx(2.37)


@pytest.mark.parametrize(
    ("micro", "text"),
    [(0, "0.000000 EUR"), (1_234_567, "1.234567 EUR"), (-5, "-0.000005 EUR")],
)
def test_amounts_are_shown_to_the_micro_euro(micro, text):
    assert format_eur(micro) == text
