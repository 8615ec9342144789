"""State of one embedding call: vectors received, and errors of refused texts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llmaas.ops.dimensions import Dimensions
from llmaas.ops.distinct import Distinct
from llmaas.ops.retrying import Deadline
from llmaas.settings import Settings
from llmaas.types import Embeddings, Usage

Progress = Callable[[int, int], None]
OnModel = Callable[[str], None]
OnBatch = Callable[[int, Sequence[Any]], None]


@dataclass(slots=True)
class EmbedJob:
    """Settings and results of one call."""

    settings: Settings
    model: str
    inputs: Distinct
    params: Mapping[str, Any]
    dimensions: Dimensions
    options: Mapping[str, Any]
    numpy: bool
    isolate_errors: bool
    progress: Progress | None
    on_batch: OnBatch | None
    on_model: OnModel | None
    continue_on_error: bool
    deadline: Deadline
    vectors: list[Any]
    """One for each text of the caller's list, None until it has come."""
    done: int = 0
    length: int = 0
    """Numbers of a vector, known from the first answer."""
    answered_by: str = ""
    usages: list[Usage] = field(default_factory=list)
    errors: dict[int, Exception] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self) -> Embeddings:
        """Return the vectors that have come, with what is known of all requests."""
        model = self.answered_by or self.model
        return Embeddings(self.vectors, model, _sum(self.usages), self.errors)

    def note_model(self, model: str) -> None:
        """Remember which model answered, and report it when it is another than before."""
        with self.lock:
            is_new, self.answered_by = model != self.answered_by, model
            if is_new and self.on_model is not None:
                self.on_model(model)

    def keep(self, start: int, vectors: Sequence[Any]) -> None:
        """Keep the vectors of one request."""
        for index, vector in enumerate(vectors, start):
            if vector is not None:
                self.inputs.fill(self.vectors, index, vector)

    def fail(self, index: int, error: Exception) -> None:
        """Note why a text has no vector."""
        self.errors.update(dict.fromkeys(self.inputs.positions(index), error))

    def fail_rest(self, start: int, stop: int, error: Exception) -> None:
        """Note why the texts of a batch that have neither a vector nor an error have none."""
        for index in range(start, stop):
            position = self.inputs.positions(index)[0]
            if self.vectors[position] is None and position not in self.errors:
                self.fail(index, error)

    def deliver(self, start: int, stop: int) -> None:
        """Hand out the vectors of one request."""
        if self.on_batch is not None:
            for run in self.inputs.runs(start, stop):
                self.on_batch(run.start, self.vectors[run.start : run.stop])

    def count(self, start: int, stop: int) -> None:
        """Count a batch, and tell: one thread after the other, or numbers would go back."""
        with self.lock:
            self.done += sum(map(len, self.inputs.runs(start, stop)))
            if self.progress is not None:
                self.progress(self.done, self.inputs.total)


def _sum(usages: list[Usage]) -> Usage | None:
    if not usages:
        return None
    return Usage(
        prompt_tokens=sum(u.prompt_tokens for u in usages),
        total_tokens=sum(u.total_tokens for u in usages),
    )
