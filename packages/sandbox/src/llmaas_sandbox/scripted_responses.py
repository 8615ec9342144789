"""Scripted responses: one step per request, in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

Step = Mapping[str, Any]
STEP_FIELDS: Mapping[str, str] = {
    "content": "content of the answer",
    "reasoning": "its reasoning, in the response variant of the request",
    "tool_calls": "calls: {name, arguments (object or text), id}, or in OpenAI's shape",
    "finish_reason": "replaces stop or tool_calls; max_tokens is then not applied",
    "logprobs": "the logprobs object",
    "usage": "the usage object, unchanged",
    "model": "the model named in the response",
    "backend": "the backend object",
    "fault": "faults, as in the header",
    "delay": "seconds before the first byte",
    "status": "HTTP status of an exact response",
    "headers": "headers of an exact response",
    "json": "JSON body of an exact response",
    "body": "body of an exact response, text or bytes",
    "sse": "a stream: bytes and text unchanged, objects as events, each in its own write",
    "end": "normal, fin or rst: ending of an exact response",
    "raw": "raw bytes for the socket, status line included; the connection then closes",
    "path": "path that the step is limited to",
}


class ScriptedResponses:
    """Queue of scripted steps; thread-safe."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque()
        self._lock = threading.Lock()

    def extend(self, steps: Iterable[Step]) -> None:
        """Queue steps, all or none. Raises ``ValueError`` for unknown keys."""
        added = list(steps)
        for step in added:
            unknown = set(step) - set(STEP_FIELDS)
            if unknown:
                names, known = ", ".join(sorted(map(str, unknown))), ", ".join(STEP_FIELDS)
                raise ValueError(f"a step has unknown keys: {names}. Known keys: {known}.")
        with self._lock:
            self._steps.extend(added)

    def take(self, path: str) -> Step | None:
        """Take the first step for this path or for any path."""
        with self._lock:
            for i, step in enumerate(self._steps):
                if step.get("path") in (None, path):
                    del self._steps[i]
                    return step
        return None

    def give_back(self, step: Step) -> None:
        """Put an unused step back at the head of the queue."""
        with self._lock:
            self._steps.appendleft(step)

    def clear(self) -> None:
        """Remove all steps."""
        with self._lock:
            self._steps.clear()

    def __len__(self) -> int:
        return len(self._steps)
