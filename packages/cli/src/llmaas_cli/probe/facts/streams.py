"""Facts of streamed answers: framing, first and last events."""

from __future__ import annotations

from typing import Any

from llmaas_cli.probe.exchange import Exchange, as_dict, dicts


def stream_usage(exchange: Exchange) -> str:
    """Where a stream reports usage: ``last``, ``finish``, ``every`` or ``none``."""
    found = [event for event in exchange.events if as_dict(event.get("usage"))]
    if not found:
        return "none"
    if len(found) > 1 and len(found) >= len(exchange.events) - 2:
        return "every"
    return "finish" if dicts(found[-1].get("choices")) else "last"


def finish_event(exchange: Exchange) -> str:
    """Find what the finish reason's event also holds: ``nothing``, ``text``, ``call``, ..."""
    for event in exchange.events:
        for choice in dicts(event.get("choices")):
            if choice.get("finish_reason"):
                return _holds(as_dict(choice.get("delta")))
    return "absent"


def _holds(delta: Any) -> str:
    if delta.get("tool_calls"):
        return "call"
    if delta.get("content"):
        return "text"
    return "reasoning" if delta.get("reasoning") or delta.get("reasoning_content") else "nothing"


def first_event(exchange: Exchange) -> str:
    """Find what the first event holds: ``role``, ``no choice``, ``no choices key`` or content."""
    if not exchange.events:
        return "absent"
    first = exchange.events[0]
    choices = dicts(first.get("choices"))
    if not choices:
        return "no choice" if "choices" in first else "no choices key"
    delta = as_dict(choices[0].get("delta"))
    held = _holds(delta)
    return "role" if "role" in delta and held == "nothing" else held


def _call_parts(exchange: Exchange) -> list[Any]:
    return [part for delta in exchange.deltas for part in dicts(delta.get("tool_calls"))]


def call_start(exchange: Exchange) -> str:
    """How a streamed tool call begins: ``name only``, ``name and arguments``, ``whole``, ..."""
    parts = _call_parts(exchange)
    if not parts:
        return "none"
    first = as_dict(parts[0].get("function"))
    if "index" not in parts[0] or not parts[0].get("id"):
        return "without index or id"
    if not first.get("arguments"):
        return "name only" if len(parts) > 1 else "name without arguments"
    return "whole" if len(parts) == 1 else "name and arguments"


def repeats_ids(exchange: Exchange) -> bool:
    """Whether later parts of a call repeat its id."""
    parts = _call_parts(exchange)
    return any(part.get("id") for part in parts[1:] if part.get("index") == parts[0].get("index"))


def framing(exchange: Exchange) -> str:
    """Lines of the stream: ``data only``, ``other fields``, ``CR LF``, ``not a stream``."""
    if not exchange.is_stream:
        return "not a stream"
    body = exchange.response.body
    if b"\r\n" in body:
        return "CR LF"
    lines = [line for line in body.split(b"\n") if line.strip()]
    return "data only" if all(line.startswith(b"data:") for line in lines) else "other fields"


def is_complete_json(exchange: Exchange) -> bool:
    """Whether every event but ``[DONE]`` is one JSON object."""
    data = [each for each in exchange.data if each != b"[DONE]"]
    return bool(data) and len(exchange.events) == len(data)


FACTS = {
    "is_stream": lambda e: e.is_stream,
    "event_count": lambda e: len(e.events),
    "has_done": lambda e: bool(e.data) and e.data[-1] == b"[DONE]",
    "stream_usage": stream_usage,
    "finish_event": finish_event,
    "first_event": first_event,
    "call_start": call_start,
    "repeats_ids": repeats_ids,
    "framing": framing,
    "is_complete_json": is_complete_json,
    "error_in_stream": lambda e: any("error" in event for event in e.events),
    "closes_connection": lambda e: e.response.headers.get("connection", "").lower() == "close",
}
