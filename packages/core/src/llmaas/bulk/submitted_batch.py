"""A lot of conversations, and what the state of a run remembers of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llmaas.bulk.checkpoint import Checkpoint
from llmaas.bulk.items import Item


@dataclass
class SubmittedBatch:
    """Conversations handed in together; results come by position. ``id`` is the service's."""

    number: int
    items: list[Item]
    id: str | None = None
    lost: bool = False
    """Its fate is unknown: it may have been billed."""

    @property
    def name(self) -> str:
        """What to call it in a report."""
        return self.id or f"number {self.number} (handed in, never confirmed)"

    def entry(self) -> tuple[Any, ...]:
        """Return what is written down before it is handed in."""
        return ("lot", self.number, [[item.index, item.id] for item in self.items])


def restore(checkpoint: Checkpoint) -> tuple[list[SubmittedBatch], int]:
    """Return the lots that earlier runs handed in and did not finish, and the next number."""
    lots: dict[int, SubmittedBatch] = {}
    following = 0
    for kind, number, *more in checkpoint.notes():
        following = number + 1 if kind == "lot" else following
        if kind == "lot":
            lots[number] = SubmittedBatch(number, [Item(index, id=name) for index, name in more[0]])
        elif kind == "lot-id":
            lots[number].id = more[0]
        elif kind == "lot-lost":
            lots[number].lost = True
        else:  # done, refused, given up
            lots.pop(number, None)
    for lot in lots.values():
        lot.lost = lot.lost or lot.id is None
    return list(lots.values()), following
