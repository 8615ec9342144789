"""The files by which workers and the driver of a bulk run on a cluster talk: ``OUT.ray``.

``todo/`` holds prompts, ``results/`` a file of answers for each worker, ``sent`` a line for each
request, written before it is sent.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from llmaas.bulk.job import Job
from llmaas.bulk.records import parse_head


class SendCounter:
    """Counts the requests of all workers in a process of its own, which outlives each of them."""

    def __init__(self, folder: str, sent: Mapping[int, int]) -> None:
        self._sent = Counter(sent)
        self._here: set[int] = set()
        self._file = (Path(folder) / "sent").open("a", buffering=1)

    def were_sent(self, indices: list[int]) -> bool:
        """Whether any of these prompts was sent in this run before."""
        return not self._here.isdisjoint(indices)

    def begin(self, index: int) -> int:
        """Write down one request; return how many that makes."""
        self._file.write(f"{index}\n")
        self._sent[index] += 1
        self._here.add(index)
        return self._sent[index]

    def unmark_sent(self, index: int) -> None:
        """Count one less: the request was refused before it was sent."""
        self._file.write(f"-{index}\n")
        self._sent[index] -= 1


class Parts:
    """What the driver reads of ``OUT.ray`` and moves to ``OUT``."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.folder = job.checkpoint.out.with_name(job.checkpoint.out.name + ".ray")
        self._read: dict[Path, int] = {}

    def recover(self) -> None:
        """Take over what an interrupted run left behind."""
        self.collect()
        for index, times in self._requests().items():
            known = self._job.checkpoint.sent.get(index, 0)
            if index not in self._job.checkpoint.done:
                for _ in range(times - known):
                    self._job.checkpoint.begin(index)
        self.remove()

    def collect(self) -> None:
        """Keep the answers that workers have written since the last time."""
        for path in sorted((self.folder / "results").glob("*.jsonl")):
            for line in self._new_lines(path):
                self._keep(json.loads(line))

    def remove(self) -> None:
        """Delete the folder, once all of it is in ``OUT``."""
        self._job.checkpoint.sync()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._read.clear()

    def _new_lines(self, path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            for line in file:
                if not line.endswith(b"\n"):  # being written, or torn by a kill
                    break
                self._read[path] = self._read.get(path, 0) + len(line)
                yield line

    def _keep(self, record: dict[str, Any]) -> None:
        checkpoint = self._job.checkpoint
        if record.pop("fate") == "stop":
            error = record.get("error", {})
            self._job.stopped = self._job.stopped or RuntimeError(error.get("message"))
        elif record["index"] not in checkpoint.done:
            checkpoint.sent[record["index"]] = record["sent"]
            self._job.keep(record)

    def _requests(self) -> Counter[int]:
        sent: Counter[int] = Counter()
        path = self.folder / "sent"
        for line in path.read_text().split() if path.exists() else ():
            index = line.removeprefix("-")
            sent[int(index)] += 1 if index == line else -1
        return sent


def answered(folder: Path) -> set[int]:
    """Return the prompts that have a result in any worker's file."""
    found: set[int] = set()
    for path in (folder / "results").glob("*.jsonl"):
        with path.open("rb") as file:
            heads = map(parse_head, file)
            found.update(head.index for head in heads if head is not None)
    return found
