"""Results in the order of their prompts, without holding them in memory."""

from __future__ import annotations

import os
import tempfile
from array import array
from pathlib import Path

from llmaas.bulk.records import parse_head


def sort_results(out: str | Path) -> int:
    """Sort a result file by index, keeping the last result of each; return how many there are.

    Eight bytes a line are kept in memory. The file is replaced in one step.
    """
    path = Path(out)
    starts = _starts(path)
    file, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".sorted", dir=path.parent)
    try:
        with path.open("rb") as source, open(file, "wb") as target:
            for start in starts:
                if start >= 0:
                    source.seek(start)
                    target.write(source.readline())
            target.flush()
            os.fsync(target.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return sum(1 for start in starts if start >= 0)


def _starts(path: Path) -> array[int]:
    """Return where the last line of each index starts; -1 where there is none."""
    starts, position = array("q"), 0
    with path.open("rb") as source:
        for line in source:
            head = parse_head(line)
            if head is None:
                raise ValueError(f"{path} holds a line that is no result")
            if head.index >= len(starts):
                starts.extend([-1] * (head.index + 1 - len(starts)))
            starts[head.index] = position
            position += len(line)
    return starts
