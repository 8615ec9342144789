"""Questions that are longer than an embedding model takes."""

from __future__ import annotations

_MARGIN = 0.9


def shortened(text: str, error: Exception) -> str:
    """Return the beginning that the model may take, "" where the length is not at fault."""
    from llmaas.errors import ContextOverflowError, PayloadTooLargeError

    if not isinstance(error, ContextOverflowError | PayloadTooLargeError):
        return ""
    window = getattr(error, "window", None)
    tokens = getattr(error, "prompt_tokens", None)
    if window and tokens and tokens > window:
        return text[: int(len(text) * window / tokens * _MARGIN)]
    return text[: len(text) // 2]
