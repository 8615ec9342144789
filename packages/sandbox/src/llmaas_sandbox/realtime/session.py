"""Protocol of one realtime transcription session, without I/O."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from typing import Any

from llmaas_sandbox.audio.transcripts import build_transcript
from llmaas_sandbox.catalog import live_models
from llmaas_sandbox.responder.words import words

BYTES_PER_SECOND = 32_000
"""16-bit mono at 16 kHz."""
MAX_AUDIO_BYTES = 1_800 * BYTES_PER_SECOND
"""Half an hour."""
Message = dict[str, Any]


class Session:
    """State of one session, which sends nothing after ``transcription.done``."""

    def __init__(self, permitted: Callable[[str], bool] = lambda name: True) -> None:
        self.audio = bytearray()
        self.model: str | None = None
        self.over = False
        self._permitted = permitted

    @property
    def seconds(self) -> float:
        """Duration of the received audio in seconds."""
        return len(self.audio) / BYTES_PER_SECOND

    def hear(self, text: str) -> Iterator[Message]:
        """Process one message; yield the responses."""
        if self.over:
            return
        message = _parse(text)
        kind = message.get("type") if message is not None else None
        if kind == "session.update":
            yield from self._update(message or {})
        elif kind == "input_audio_buffer.append":
            yield from self._append((message or {}).get("audio"))
        elif kind == "input_audio_buffer.commit":
            yield from self._commit(bool((message or {}).get("final")))
        else:
            yield _error(f"Unknown message type: {kind}")

    def _update(self, message: Message) -> Iterator[Message]:
        name = message.get("model")
        if not isinstance(name, str) or not name:
            yield _error("Missing required field: model")
        elif name not in full_names():
            yield _error(f"The model `{name[:200]}` does not exist.")
        elif not self._permitted(name):
            yield _error(f"This key may not use model '{name}'")
        else:
            self.model = name

    def _append(self, audio: Any) -> Iterator[Message]:
        try:
            data = base64.b64decode(audio, validate=True)
            if len(self.audio) + len(data) > MAX_AUDIO_BYTES:
                yield _error(f"Audio too long: at most {MAX_AUDIO_BYTES} bytes")
                return
            self.audio += data
        except (TypeError, ValueError, binascii.Error):
            yield _error("Invalid audio: must be base64")

    def _commit(self, final: bool) -> Iterator[Message]:
        if not final:
            return
        if self.model is None:
            yield _error("Missing required field: model")
            return
        self.over = True
        text, _ = build_transcript(bytes(self.audio), self.seconds, "fr")
        for i, piece in enumerate(text.split(" ")):
            if i % 3 == 0:
                yield _delta("")  # the heartbeat that was seen live
            yield _delta(piece if i == 0 else f" {piece}")
        yield {"type": "transcription.done", "usage": {"total_tokens": len(words(text))}}


def full_names() -> set[str]:
    """Return the engine names of the realtime models, without aliases."""
    return {m.root for m in live_models() if "voxtral" in m.root.lower() and "/" in m.root}


def _parse(text: str) -> Message | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _delta(text: str) -> Message:
    return {"type": "transcription.delta", "delta": text}


def _error(text: str) -> Message:
    return {"type": "error", "error": text}
