"""Protocol of one utterance, without I/O.

The protocol is specific to the service and is not OpenAI's Realtime API: flat messages, one
utterance per connection, and a final message without the text, which is that of all deltas.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmaas.pricing import audio_cost_micro_eur

RATE = 16_000
"""Samples per second of the service: 16-bit mono PCM."""
BYTES_PER_SECOND = 2 * RATE
_MAX_ERROR_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class PartialText:
    """Text of an utterance so far; ``delta`` is the new part."""

    text: str
    delta: str


@dataclass(frozen=True, slots=True)
class FinalText:
    """Text of a complete utterance, from ``seconds`` of audio."""

    text: str
    seconds: float
    session_id: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Other fields of the service, such as usage (in an undocumented unit)."""

    @property
    def cost_micro_eur(self) -> int:
        """Cost in millionths of a euro, by the price of a started minute of audio."""
        return audio_cost_micro_eur(self.seconds)


class ReportedError(ValueError):
    """Error that the service reported for an utterance."""


class Utterance:
    """State of one connection."""

    __slots__ = ("_parts", "_sent", "_session_id", "done")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._sent = 0
        self._session_id: str | None = None
        self.done = False

    @property
    def text(self) -> str:
        """Text received so far."""
        return "".join(self._parts)

    @staticmethod
    def opening(model: str) -> tuple[str, ...]:
        """Build the first messages: the model, and the commit that the vendor's clients send."""
        commit = {"type": "input_audio_buffer.commit"}
        return json.dumps({"type": "session.update", "model": model}), json.dumps(commit)

    def audio(self, data: bytes) -> str:
        """Build the message that sends PCM samples."""
        self._sent += len(data)
        message = {"type": "input_audio_buffer.append", "audio": base64.b64encode(data).decode()}
        return json.dumps(message)

    @staticmethod
    def ending() -> str:
        """Build the message that ends the audio."""
        return json.dumps({"type": "input_audio_buffer.commit", "final": True})

    def receive(self, message: str | bytes) -> PartialText | FinalText | None:
        """Process a message of the server; None if it has no text (heartbeats).

        Raises ``ReportedError`` for an error that the service reports.
        """
        event = _parse(message)
        match event.get("type"):
            case "session.created":
                self._session_id = str(event.get("id") or "") or None
            case "transcription.delta":
                return self._append_delta(event.get("delta"))
            case "transcription.done":
                self.done = True
                extra = {key: value for key, value in event.items() if key != "type"}
                seconds = self._sent / BYTES_PER_SECOND
                return FinalText(self.text, seconds, self._session_id, extra)
            case "error":
                raise ReportedError(_reason(event.get("error"))[:_MAX_ERROR_LENGTH])
        return None

    def _append_delta(self, delta: object) -> PartialText | None:
        if not isinstance(delta, str) or not delta:
            return None
        self._parts.append(delta)
        return PartialText(self.text, delta)


def _parse(message: str | bytes) -> Mapping[str, object]:
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _reason(error: object) -> str:
    if isinstance(error, Mapping):
        error = error.get("message", error)
    return str(error or "no reason")
