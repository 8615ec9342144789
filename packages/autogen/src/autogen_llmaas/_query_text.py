"""Shortening of queries that exceed an embedding model's input limit."""

from __future__ import annotations

_MARGIN = 0.9


def shorten_query(text: str, error: Exception) -> str:
    """Return a prefix that may fit the model; "" if the error is not about length."""
    from llmaas.errors import ContextOverflowError, PayloadTooLargeError

    if not isinstance(error, ContextOverflowError | PayloadTooLargeError):
        return ""
    window = getattr(error, "window", None)
    tokens = getattr(error, "prompt_tokens", None)
    if window and tokens and tokens > window:
        return text[: int(len(text) * window / tokens * _MARGIN)]
    return text[: len(text) // 2]
