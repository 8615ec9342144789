"""Billed usage of a response."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, documents and seconds of audio."""

    prompt: int = 0
    completion: int = 0
    """Reasoning included."""
    reasoning: int = 0
    documents: int = 0
    seconds: float = 0.0


NO_USAGE = Usage()
