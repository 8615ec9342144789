"""Which request meets which fault: a few in a hundred, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

HARMLESS = (
    "reasoning", "reasoning-both", "think", "usage-finish", "usage-every", "comments", "crlf",
    "usage-nested-reasoning", "choiceless-backend", "json-cut", "split-utf8", "no-done", "gzip",
    "early-done", "done-no-finish", "trickle:500:1", "tool-no-index", "tool-repeat-id",
    "tool-object-args", "keepalive-drop",
)  # fmt: skip
MENDED = (
    "cut:0", "cut:0:rst", "cut:40b", "error-event:0", "status:408:20ms", "status:429:20ms",
    "status:500", "status:502:20ms", "status:503:20ms", "html-error:502",
)  # fmt: skip
BREAKING = (
    "cut:3", "cut:5:rst", "cut:400b:rst", "error-event:4", "truncated-json", "truncated-200",
    "bad-chunk", "empty-200", "html-200", "status:400", "envelope:3:200",
)  # fmt: skip
SILENT = ("stall:600:4", "slow-headers:600")
"""Noticed by a timeout only."""

LASTING = 0.2
"""How many of the faults that a retry would mend strike every attempt."""


@dataclass(frozen=True)
class Strike:
    """A fault, and whether an error may come of it."""

    fault: str = ""
    may_fail: bool = False


NONE = Strike()


def strike(seed: int, number: int, share: float, *, silence: bool = True) -> Strike:
    """Return what happens to a request; ``silence``: also what takes a timeout to notice."""
    chance = Random(f"{seed} {number}")
    if chance.random() >= share:
        return NONE
    kind = chance.choice((HARMLESS, MENDED, BREAKING + SILENT if silence else BREAKING))
    fault = chance.choice(kind)
    if kind is MENDED and chance.random() >= LASTING:
        return Strike(f"{fault}*1")
    return Strike(fault, may_fail=kind is not HARMLESS)
