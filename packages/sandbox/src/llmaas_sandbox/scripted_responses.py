"""Scripted answers: one step per request, in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

Step = Mapping[str, Any]
STEP_FIELDS: Mapping[str, str] = {
    "content": "what the model says",
    "reasoning": "what it thinks, written in the dialect of the request",
    "tool_calls": "calls: {name, arguments (object or text), id}, or in OpenAI's shape",
    "finish_reason": "instead of stop or tool_calls; max_tokens is then not applied",
    "logprobs": "the logprobs object",
    "usage": "the usage object, as it is",
    "model": "the model that the answer names",
    "backend": "the backend object",
    "fault": "faults, written as in the header",
    "delay": "seconds before the first byte",
    "status": "the status of an exact answer",
    "headers": "headers of an exact answer",
    "json": "the body of an exact answer, as JSON",
    "body": "the body of an exact answer, text or bytes",
    "sse": "a stream: bytes and text as they are, objects as events, each written apart",
    "end": "normal, fin or rst: how an exact answer ends",
    "raw": "bytes for the socket, status line and all; the connection then closes",
    "path": "only for requests to this path",
}


class ScriptedResponses:
    """Steps that wait for their request; a test's thread adds, the server's takes."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque()
        self._lock = threading.Lock()

    def extend(self, steps: Iterable[Step]) -> None:
        """Queue steps, all or none; a key that no step knows is a mistake."""
        added = list(steps)
        for step in added:
            unknown = set(step) - set(STEP_FIELDS)
            if unknown:
                raise ValueError(f"unknown keys in a scripted step: {sorted(unknown)}")
        with self._lock:
            self._steps.extend(added)

    def take(self, path: str) -> Step | None:
        """Take the first step meant for this path (or for any)."""
        with self._lock:
            for i, step in enumerate(self._steps):
                if step.get("path") in (None, path):
                    del self._steps[i]
                    return step
        return None

    def give_back(self, step: Step) -> None:
        """Put a step that was taken for nothing back at the head."""
        with self._lock:
            self._steps.appendleft(step)

    def clear(self) -> None:
        """Forget all steps."""
        with self._lock:
            self._steps.clear()

    def __len__(self) -> int:
        return len(self._steps)
