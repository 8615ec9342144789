"""Batches of conversations, and their events in the state of a run."""

from __future__ import annotations

from dataclasses import dataclass

from llmaas.bulk.checkpoint import Checkpoint
from llmaas.bulk.items import Item

# Names of events in ``OUT.state``. They are part of the file format: files of earlier runs hold
# them.
SUBMITTING, ACCEPTED, REJECTED = "lot", "lot-id", "lot-refused"
COMPLETED, LOST, ABANDONED = "lot-done", "lot-lost", "lot-given-up"


@dataclass
class SubmittedBatch:
    """Conversations submitted together; results come by position. ``id`` is the service's."""

    number: int
    items: list[Item]
    id: str | None = None
    lost: bool = False
    """Whether its outcome is unknown, so that it may have been billed."""

    @property
    def name(self) -> str:
        """Name for reports."""
        return self.id or f"number {self.number} (submitted, never confirmed)"

    def to_event(self) -> tuple[object, ...]:
        """Build the event that is written before the batch is submitted."""
        return (SUBMITTING, self.number, [[item.index, item.id] for item in self.items])


def restore(checkpoint: Checkpoint) -> tuple[list[SubmittedBatch], int]:
    """Read the unfinished batches of earlier runs, and the next free number."""
    batches: dict[int, SubmittedBatch] = {}
    next_number = 0
    for kind, number, *details in checkpoint.events():
        if kind == SUBMITTING:
            items = [Item(index, id=name) for index, name in details[0]]
            batches[number] = SubmittedBatch(number, items)
            next_number = number + 1
        elif kind == ACCEPTED:
            batches[number].id = details[0]
        elif kind == LOST:
            batches[number].lost = True
        else:  # completed, rejected or abandoned
            batches.pop(number, None)
    for batch in batches.values():
        batch.lost = batch.lost or batch.id is None
    return list(batches.values()), next_number
