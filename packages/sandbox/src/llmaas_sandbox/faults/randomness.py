"""Reproducible random numbers, seeded per test and request."""

from __future__ import annotations

from random import Random

TEST_HEADER = "x-sandbox-test-id"
"""Requests with the same id draw from a series of their own."""


def seeded_random(*scope: object) -> Random:
    """Create a random number generator seeded with a scope."""
    return Random(" ".join(map(str, scope)))  # noqa: S311 - it must be repeatable


def apply_jitter(mean: float, jitter: float, chance: Random) -> float:
    """Draw a non-negative number within ``jitter`` (a fraction) of a mean."""
    return max(0.0, mean * (1 + jitter * (2 * chance.random() - 1)))
