"""Connection faults: how the bytes of a response reach the client, and how it ends."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from llmaas_sandbox.faults.framing import utf8_pieces
from llmaas_sandbox.faults.parse import Faults, parse_number
from llmaas_sandbox.faults.randomness import apply_jitter, seeded_random

Ending = Literal["normal", "fin", "rst", "drop-next"]
_NETWORK_PAUSE = 0.002
"""Seconds between writes that must arrive apart."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One write, after a pause in seconds."""

    data: bytes
    pause: float = 0.0


@dataclass(slots=True)
class ResponsePlan:
    """Bytes to send, with their timing and ending."""

    status: int
    headers: dict[str, str]
    pieces: list[Piece]
    ending: Ending = "normal"
    raw_chunked: bool = False
    """Write the chunked encoding ourselves, so that it can be wrong."""
    length: int | None = None
    """The promised Content-Length; None for a stream."""
    source: AsyncIterator[bytes] | None = None
    """Pieces that are still to come; the faults above do not touch them."""
    before: float = field(default=0.0)
    """Seconds before the first byte."""
    plain: list[bytes] | None = None
    """Instead of ``pieces``: nothing is slow or wrong, and all may leave with one write."""

    def split(self) -> None:
        """Convert a plain response to pieces."""
        if self.plain is not None:
            self.pieces, self.plain = [Piece(data) for data in self.plain], None


def apply_faults(plan: ResponsePlan, faults: Faults) -> ResponsePlan:
    """Apply the connection faults to a plan."""
    if not faults.chosen:
        return plan
    for name, change in _CHANGES.items():
        if name in faults:
            change(plan, faults)
    _delay(plan, faults)
    if "slow-headers" in faults:
        plan.before = faults.number("slow-headers", 0, 1)
    return plan


def _delay(plan: ResponsePlan, faults: Faults) -> None:
    """Add latency and pace, each with its jitter."""
    if not any(name in faults for name in ("latency", "first-token", "pace")):
        return
    chance = seeded_random(faults.seed)  # costs more than all the rest
    if "pace" in faults and plan.length is None:
        each = 1 / max(faults.number("pace", 0, 20), 0.001)
        jitter = faults.number("pace", 1, 0)
        plan.pieces = [
            Piece(p.data, p.pause + apply_jitter(each, jitter, chance)) for p in plan.pieces
        ]
    if "first-token" in faults and plan.length is None and plan.pieces:
        wait = apply_jitter(
            faults.number("first-token", 0, 1), faults.number("first-token", 1, 0), chance
        )
        plan.pieces[0] = Piece(plan.pieces[0].data, plan.pieces[0].pause + wait)
    if "latency" in faults:
        seconds, jitter = faults.number("latency", 0, 1), faults.number("latency", 1, 0)
        plan.before += apply_jitter(seconds, jitter, chance)


def slow_list(plan: ResponsePlan, faults: Faults) -> None:
    """Delay a model list; the service's sometimes takes longer than a minute."""
    if "slow-models" in faults:
        plan.before += faults.number("slow-models", 0, 60)


def _data(plan: ResponsePlan) -> bytes:
    return b"".join(p.data for p in plan.pieces)


def _empty(plan: ResponsePlan, faults: Faults) -> None:
    plan.pieces, plan.length = [], (None if plan.length is None else 0)


def _html(plan: ResponsePlan, faults: Faults) -> None:
    page = b"<!doctype html><title>Maintenance</title><p>Back soon.</p>"
    plan.pieces, plan.length = [Piece(page)], len(page)
    plan.headers["content-type"] = "text/html; charset=utf-8"


def _truncated_json(plan: ResponsePlan, faults: Faults) -> None:
    if plan.length is not None:  # a stream was already cut in its framing
        data = _data(plan)[: plan.length // 2]
        plan.pieces, plan.length = [Piece(data)], len(data)


def _truncated_200(plan: ResponsePlan, faults: Faults) -> None:
    data = _data(plan)
    plan.pieces, plan.ending = [Piece(data[: len(data) // 2])], "fin"


def _gzip(plan: ResponsePlan, faults: Faults) -> None:
    packer = zlib.compressobj(wbits=31)
    last = len(plan.pieces) - 1
    plan.pieces = [
        Piece(
            packer.compress(p.data)
            + packer.flush(zlib.Z_FINISH if i == last else zlib.Z_SYNC_FLUSH),
            p.pause,
        )
        for i, p in enumerate(plan.pieces)
    ]
    plan.headers["content-encoding"] = "gzip"
    plan.length = None if plan.length is None else len(_data(plan))


def _split_utf8(plan: ResponsePlan, faults: Faults) -> None:
    plan.pieces = [Piece(d, _NETWORK_PAUSE) for d in utf8_pieces(p.data for p in plan.pieces)]


def _trickle(plan: ResponsePlan, faults: Faults) -> None:
    size = max(1, int(faults.number("trickle", 0, 7)))
    pause = faults.number("trickle", 1, 2) / 1000
    data = _data(plan)
    plan.pieces = [Piece(data[i : i + size], pause) for i in range(0, len(data), size)]


def _stall(plan: ResponsePlan, faults: Faults) -> None:
    seconds, after = faults.number("stall", 0, 30), int(faults.number("stall", 1, 2))
    pieces = _events_or_halves(plan)
    at = min(after, len(pieces) - 1)
    pieces[at] = Piece(pieces[at].data, seconds)
    plan.pieces = pieces


def _events_or_halves(plan: ResponsePlan) -> list[Piece]:
    if len(plan.pieces) > 1 or not plan.pieces:
        return list(plan.pieces) or [Piece(b"")]
    data = plan.pieces[0].data
    return [Piece(data[: len(data) // 2]), Piece(data[len(data) // 2 :])]


def _cut(plan: ResponsePlan, faults: Faults) -> None:
    arguments = faults.arguments("cut") or ()
    how: Ending = "rst" if "rst" in arguments else "fin"
    size = next((a for a in arguments if a not in ("rst", "fin", "")), "")
    number = int(parse_number("cut", size.removesuffix("b") or "3"))
    if size.endswith("b"):
        plan.pieces = _first_bytes(plan.pieces, number)
    elif plan.length is not None and not size:
        plan.pieces = _first_bytes(plan.pieces, plan.length // 2)
    else:
        plan.pieces = plan.pieces[:number] if plan.length is None else []
    plan.ending = how


def _first_bytes(pieces: Sequence[Piece], size: int) -> list[Piece]:
    kept: list[Piece] = []
    for piece in pieces:
        if size <= 0:
            break
        kept.append(Piece(piece.data[:size], piece.pause))
        size -= len(piece.data)
    return kept


def _bad_chunk(plan: ResponsePlan, faults: Faults) -> None:
    plan.raw_chunked, plan.length, plan.ending = True, None, "fin"


def _keepalive_drop(plan: ResponsePlan, faults: Faults) -> None:
    plan.ending = "drop-next"


_CHANGES = {
    "empty-200": _empty,
    "html-200": _html,
    "truncated-json": _truncated_json,
    "truncated-200": _truncated_200,
    "gzip": _gzip,
    "split-utf8": _split_utf8,
    "trickle": _trickle,
    "stall": _stall,
    "cut": _cut,
    "bad-chunk": _bad_chunk,
    "keepalive-drop": _keepalive_drop,
}
