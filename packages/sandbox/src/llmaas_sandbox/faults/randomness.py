"""Chance that can be repeated: the same seed, test and turn always draw the same."""

from __future__ import annotations

from random import Random

TEST_HEADER = "x-sandbox-test-id"
"""Requests with the same id draw from a series of their own."""


def seeded_random(*scope: object) -> Random:
    """Return the series of numbers that belongs to a scope."""
    return Random(" ".join(map(str, scope)))  # noqa: S311 - it must be repeatable


def apply_jitter(mean: float, jitter: float, chance: Random) -> float:
    """Return a number of at least 0 around a mean, at most the jitter (a fraction) away."""
    return max(0.0, mean * (1 + jitter * (2 * chance.random() - 1)))
