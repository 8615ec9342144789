"""Choices of one chunk, in the forms in which engines send them."""

from __future__ import annotations

from collections.abc import Mapping


def has_content(raw: object) -> bool:
    """Whether a choice has more than a role."""
    delta = raw.get("delta") if isinstance(raw, dict) else None
    return not isinstance(delta, dict) or any(delta[key] for key in delta.keys() - {"role"})


def are_whole(choices: list[object]) -> bool:
    """Whether all choices are whole messages; several deltas may belong to one choice."""
    return all(isinstance(raw, dict) and "message" in raw for raw in choices)


def with_distinct_indexes(choices: list[object]) -> list[object]:
    """Assign free indexes to choices of one chunk whose index is missing or repeated."""
    indexes = [raw.get("index") if isinstance(raw, dict) else None for raw in choices]
    if len({index for index in indexes if isinstance(index, int)}) == len(choices):
        return choices
    used_indexes: set[int] = set()
    distinct: list[object] = []
    for raw, index in zip(choices, indexes, strict=True):
        if not isinstance(index, int) or index in used_indexes:
            index = next(n for n in range(len(choices) + 1) if n not in used_indexes)
        used_indexes.add(index)
        distinct.append({**raw, "index": index} if isinstance(raw, dict) else raw)
    return distinct


def from_ollama(chunk: Mapping[str, object]) -> dict[str, object]:
    """Convert Ollama's own format, ``{"message": ..., "done": ...}``."""
    reason = (chunk.get("done_reason") or "stop") if chunk.get("done") else None
    return {"index": 0, "delta": chunk["message"], "finish_reason": reason}


def find_call_pieces(delta: Mapping[str, object]) -> list[object]:
    """Return the pieces of tool calls in a delta: a list, a single one, or the legacy field."""
    pieces = delta.get("tool_calls")
    if isinstance(pieces, dict):
        return [pieces]
    if not pieces:
        legacy = delta.get("function_call")
        return [{"index": 0, "function": legacy}] if isinstance(legacy, dict) else []
    return pieces if isinstance(pieces, list) else []
