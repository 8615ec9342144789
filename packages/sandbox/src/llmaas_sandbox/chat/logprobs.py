"""Synthetic log probabilities, derived from the token."""

from __future__ import annotations

from zlib import crc32


def build_logprobs(pieces: list[str], top: int) -> dict[str, object]:
    """Build the ``logprobs`` object for the pieces of a text."""
    return {"content": [_entry(piece, top) for piece in pieces]}


def _entry(piece: str, top: int) -> dict[str, object]:
    ranked = [_scored(piece, 0)] + [
        _scored(piece[:-1] + "…", i + 1) for i in range(max(0, top - 1))
    ]
    return {**ranked[0], "top_logprobs": ranked[:top]}


def _scored(token: str, rank: int) -> dict[str, object]:
    value = -(crc32(token.encode("utf-8", "surrogatepass")) % 1000) / 2000 - rank
    return {"token": token, "logprob": value, "bytes": list(token.encode("utf-8", "surrogatepass"))}
