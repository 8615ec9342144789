"""Files in ``OUT.ray``, by which driver and workers of a bulk run on Ray communicate.

``todo/`` holds prompts, ``results/`` one file of answers per worker, ``sent`` one line per request,
written before it is sent.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from llmaas.bulk.job import Job
from llmaas.bulk.records import Record, parse_head

OUTCOME, ABORTED, RECORDED = "fate", "stop", "kept"
"""Field of a worker's record and its values; part of the file format."""


class SendCounter:
    """Counter of the requests of all workers: a Ray actor that outlives each of them."""

    def __init__(self, folder: str, sent: Mapping[int, int]) -> None:
        self._sent = Counter(sent)
        self._sent_in_run: set[int] = set()
        self._file = (Path(folder) / "sent").open("a", buffering=1)

    def were_sent(self, indices: list[int]) -> bool:
        """Whether any of these prompts was sent in this run."""
        return not self._sent_in_run.isdisjoint(indices)

    def mark_sent(self, index: int) -> int:
        """Record a request; return the number of requests of its prompt."""
        self._file.write(f"{index}\n")
        self._sent[index] += 1
        self._sent_in_run.add(index)
        return self._sent[index]

    def unmark_sent(self, index: int) -> None:
        """Take back a request that was refused before it was sent."""
        self._file.write(f"-{index}\n")
        self._sent[index] -= 1


class WorkerFiles:
    """Driver's view of ``OUT.ray``: moves the answers of workers to ``OUT``."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.folder = job.checkpoint.out.with_name(job.checkpoint.out.name + ".ray")
        self._offsets: dict[Path, int] = {}

    def recover(self) -> None:
        """Collect the answers and requests of an interrupted run."""
        self.collect()
        for index, count in self._count_requests().items():
            known = self._job.checkpoint.sent.get(index, 0)
            if index not in self._job.checkpoint.done:
                for _ in range(count - known):
                    self._job.checkpoint.mark_sent(index)
        self.remove()

    def collect(self) -> None:
        """Save the answers that workers have written since the last call."""
        for path in sorted((self.folder / "results").glob("*.jsonl")):
            for line in self._new_lines(path):
                self._save(json.loads(line))

    def remove(self) -> None:
        """Delete the folder, after its answers are on disk in ``OUT``."""
        self._job.checkpoint.sync()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._offsets.clear()

    def _new_lines(self, path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(self._offsets.get(path, 0))
            for line in file:
                if not line.endswith(b"\n"):  # still being written, or cut by a kill
                    break
                self._offsets[path] = self._offsets.get(path, 0) + len(line)
                yield line

    def _save(self, record: Record) -> None:
        checkpoint = self._job.checkpoint
        if record.pop(OUTCOME) == ABORTED:
            error = record.get("error", {})
            self._job.stop(RuntimeError(error.get("message")))
        elif record["index"] not in checkpoint.done:
            checkpoint.sent[record["index"]] = record["sent"]
            self._job.save_record(record)

    def _count_requests(self) -> Counter[int]:
        sent: Counter[int] = Counter()
        path = self.folder / "sent"
        for line in path.read_text().split() if path.exists() else ():
            index = line.removeprefix("-")
            sent[int(index)] += 1 if index == line else -1
        return sent


def find_answered(folder: Path) -> set[int]:
    """Collect the indices that have a result in any worker's file."""
    found: set[int] = set()
    for path in (folder / "results").glob("*.jsonl"):
        with path.open("rb") as file:
            heads = map(parse_head, file)
            found.update(head.index for head in heads if head is not None)
    return found
