"""Token usage and token estimates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """Token usage of a request.

    ``completion_tokens`` is as sent. ``reasoning_tokens`` is None if not reported. Whether it is
    part of ``completion_tokens`` is not documented, so it is never added.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def estimate_tokens(text: str) -> int:
    """Estimate tokens as the service documents: four characters each, at least one."""
    return max(1, len(text) // 4) if text else 0
