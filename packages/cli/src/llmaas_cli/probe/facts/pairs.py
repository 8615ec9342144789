"""Facts of several answers together."""

from __future__ import annotations

from collections.abc import Sequence

from llmaas_cli.probe.exchange import Exchange
from llmaas_cli.probe.facts.chat import text
from llmaas_cli.probe.facts.vectors import vectors


def same_connection(exchanges: Sequence[Exchange]) -> bool | None:
    """Whether two answers came over one connection; None if unknown."""
    local = [each.response.connection for each in exchanges[-2:]]
    return None if None in local or len(local) < 2 else local[0] == local[1]


def same_text(exchanges: Sequence[Exchange]) -> bool:
    """Whether the last two answers have the same text."""
    one, other = map(text, exchanges[-2:]) if len(exchanges) > 1 else ("", "x")
    return one == other


def same_id(exchanges: Sequence[Exchange]) -> bool:
    """Whether the last two answers have the same id: the first one was replayed."""
    ids = [(each.json or {}).get("id") for each in exchanges[-2:] if isinstance(each.json, dict)]
    return len(ids) == 2 and ids[0] is not None and ids[0] == ids[1]


def same_vectors(exchanges: Sequence[Exchange]) -> bool:
    """Whether the last two answers have the same vectors, up to rounding."""
    if len(exchanges) < 2:
        return False
    one, other = map(vectors, exchanges[-2:])
    flat = [[x for vector in found for x in vector] for found in (one, other)]
    if not flat[0] or len(flat[0]) != len(flat[1]):
        return False
    return all(abs(x - y) < 1e-4 for x, y in zip(*flat, strict=True))


FACTS = {
    "same_connection": same_connection,
    "same_text": same_text,
    "same_id": same_id,
    "same_vectors": same_vectors,
}
