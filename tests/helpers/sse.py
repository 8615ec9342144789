"""Streams written by hand: chunks to bytes, bytes through the decoder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from llmaas.types import Completion, Done, Event
from llmaas.wire.accumulator import Context
from llmaas.wire.decode import ChatDecoder

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def chunk(delta: Any = None, finish: str | None = None, **rest: Any) -> dict[str, Any]:
    """One chunk with one choice."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {**HEAD, "choices": [choice], **rest}


def text(*pieces: str) -> list[dict[str, Any]]:
    """A whole answer in pieces, as chunks."""
    return [*(chunk({"content": piece}) for piece in pieces), chunk({}, "stop")]


def tool(**piece: Any) -> dict[str, Any]:
    """One chunk with one piece of a tool call; ``name`` and ``arguments`` go inside."""
    function = {k: piece.pop(k) for k in ("name", "arguments") if k in piece}
    return chunk({"tool_calls": [{**piece, "function": function}]})


def sse(*chunks: Any, done: bool = True, end: str = "\n") -> bytes:
    """The bytes of a stream; strings are taken as they are."""
    lines = [c if isinstance(c, str) else json.dumps(c, ensure_ascii=False) for c in chunks]
    if done:
        lines.append("[DONE]")
    return "".join(f"data: {line}{end}{end}" for line in lines).encode()


def decoder(hold: int = 0) -> ChatDecoder:
    """A decoder whose invented ids are always the same."""
    return ChatDecoder(Context(requested_model="m", seed="seed", hold=hold))


def decode(data: bytes | Iterable[bytes], hold: int = 0) -> tuple[list[Event], ChatDecoder]:
    """All events of a stream, and the decoder that made them."""
    reader = decoder(hold)
    events: list[Event] = []
    for portion in [data] if isinstance(data, bytes) else data:
        if not reader.over:
            events += reader.feed(portion)
    return events + reader.end(), reader


def answer(*chunks: Any, **how: Any) -> Completion:
    """The completion of a stream that must be whole."""
    hold = how.pop("hold", 0)
    events, reader = decode(sse(*chunks, **how), hold)
    assert reader.fault is None, reader.fault
    assert isinstance(events[-1], Done)
    return events[-1].completion


def joined(events: Iterable[Event], kind: str) -> str:
    """The text of all deltas of a kind."""
    return "".join(e.text for e in events if e.type == kind)  # type: ignore[union-attr]
