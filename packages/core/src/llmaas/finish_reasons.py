"""Finish reasons of truncated answers."""

from __future__ import annotations

_NO_ROOM = (
    "length",
    "max_tokens",
    "max_output_tokens",
    "max_completion_tokens",
    "model_length",
    "token_limit",
)
_STOPPED = ("content_filter", "repetition", "error", "abort", "cancelled")

NO_ROOM = frozenset((*_NO_ROOM, *map(str.upper, _NO_ROOM)))
"""Finish reasons of answers that used all their tokens."""
TRUNCATED = NO_ROOM | frozenset((*_STOPPED, *map(str.upper, _STOPPED)))
"""Finish reasons of engines and gateways that stop a model before it has ended by itself."""
