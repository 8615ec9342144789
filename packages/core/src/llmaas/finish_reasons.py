"""Finish reasons of truncated answers, by cause."""

from __future__ import annotations

_TOKEN_LIMITS = (
    "length",
    "max_tokens",
    "max_output_tokens",
    "max_completion_tokens",
    "model_length",
    "token_limit",
)
_STOPPED = ("content_filter", "repetition", "error", "abort", "cancelled")

TOKEN_LIMIT = frozenset((*_TOKEN_LIMITS, *map(str.upper, _TOKEN_LIMITS)))
"""Finish reasons of answers that reached a token limit."""
TRUNCATED = TOKEN_LIMIT | frozenset((*_STOPPED, *map(str.upper, _STOPPED)))
"""Finish reasons of answers that an engine or a gateway ended before the model did."""
