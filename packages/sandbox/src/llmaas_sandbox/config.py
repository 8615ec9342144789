"""What a sandbox may be told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RerankShape = Literal["new", "old"]


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one sandbox. Everything has a default that a test can live with."""

    api_keys: tuple[str, ...] = ("sk-sandbox",)
    faults: str = ""
    """Faults for every request, written as in the ``x-sandbox-fault`` header."""
    rerank_shape: RerankShape = "new"
    tokens_per_second: float = 0.0
    """Pace of answers; 0 answers at once."""
    stopped_at: float | None = None
    """Epoch seconds at which the clock stands still: the same answers, byte for byte, every day."""
    max_body_bytes: int = 50_000_000
