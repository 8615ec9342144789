"""Scripted answers: one step per request, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

Step = Mapping[str, Any]
KEYS = frozenset(
    ["content", "reasoning", "tool_calls", "finish_reason", "logprobs", "usage", "model", "backend", "fault", "delay", "status", "headers", "json", "body", "sse", "end", "raw", "path"]
)


class Scripts:
    """Steps that wait for their request."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque()

    def extend(self, steps: Iterable[Step]) -> None:
        """Queue steps; a key that no step knows is a mistake."""
        for step in steps:
            unknown = set(step) - KEYS
            if unknown:
                raise ValueError(f"unknown keys in a scripted step: {sorted(unknown)}")
            self._steps.append(step)

    def take(self, path: str) -> Step | None:
        """Take the first step meant for this path (or for any)."""
        for i, step in enumerate(self._steps):
            if step.get("path") in (None, path):
                del self._steps[i]
                return step
        return None

    def clear(self) -> None:
        """Forget all steps."""
        self._steps.clear()

    def __len__(self) -> int:
        return len(self._steps)
