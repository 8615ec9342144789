"""One utterance: what the client says, and what the server's messages mean. No socket here.

The protocol is the service's own, not OpenAI's Realtime API: flat messages, one utterance a
connection, and an end without the text, which is the sum of all pieces.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmaas.pricing import audio_cost_micro_eur

RATE = 16_000
"""Samples per second that the service takes: PCM of 16 bits, mono."""
BYTES_PER_SECOND = 2 * RATE
_MOST = 2_000
"""Characters of an error that are kept."""


@dataclass(frozen=True, slots=True)
class PartialText:
    """The text of an utterance so far; ``delta`` is what is new in it."""

    text: str
    delta: str


@dataclass(frozen=True, slots=True)
class FinalText:
    """The text of a whole utterance. ``seconds`` of audio were sent for it."""

    text: str
    seconds: float
    session_id: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else the service told, such as its usage (whose unit is not documented)."""

    @property
    def cost_micro_eur(self) -> int:
        """The cost in millionths of a euro, by the price of a started minute of audio."""
        return audio_cost_micro_eur(self.seconds)


class ReportedError(ValueError):
    """The service refused a message of the utterance."""


class Utterance:
    """The state of one connection."""

    __slots__ = ("_parts", "_sent", "_session_id", "done")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._sent = 0
        self._session_id: str | None = None
        self.done = False

    @property
    def text(self) -> str:
        """The text that has come."""
        return "".join(self._parts)

    @staticmethod
    def opening(model: str) -> tuple[str, ...]:
        """Return the first messages: the model, and the commit that clients of record send."""
        commit = {"type": "input_audio_buffer.commit"}
        return json.dumps({"type": "session.update", "model": model}), json.dumps(commit)

    def audio(self, data: bytes) -> str:
        """Return the message that sends PCM samples."""
        self._sent += len(data)
        message = {"type": "input_audio_buffer.append", "audio": base64.b64encode(data).decode()}
        return json.dumps(message)

    @staticmethod
    def ending() -> str:
        """Return the message that ends the audio."""
        return json.dumps({"type": "input_audio_buffer.commit", "final": True})

    def receive(self, message: str | bytes) -> PartialText | FinalText | None:
        """Read a message of the server; None where it says nothing new (heartbeats).

        Raises ``ReportedError`` for an error that the service reports.
        """
        told = _parsed(message)
        match told.get("type"):
            case "session.created":
                self._session_id = str(told.get("id") or "") or None
            case "transcription.delta":
                return self._grow(told.get("delta"))
            case "transcription.done":
                self.done = True
                extra = {key: value for key, value in told.items() if key != "type"}
                seconds = self._sent / BYTES_PER_SECOND
                return FinalText(self.text, seconds, self._session_id, extra)
            case "error":
                raise ReportedError(_reason(told.get("error"))[:_MOST])
        return None

    def _grow(self, delta: Any) -> PartialText | None:
        if not isinstance(delta, str) or not delta:
            return None
        self._parts.append(delta)
        return PartialText(self.text, delta)


def _parsed(message: str | bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _reason(error: Any) -> str:
    if isinstance(error, Mapping):
        error = error.get("message", error)
    return str(error or "no reason")
