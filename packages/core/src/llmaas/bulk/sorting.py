"""Sorting of result files by the index of the prompt, without loading them."""

from __future__ import annotations

import os
import tempfile
from array import array
from pathlib import Path

from llmaas.bulk.records import parse_head


def sort_results(out: str | Path) -> int:
    """Sort a result file by index, keep the last result of each, and return their number.

    Needs eight bytes of memory per line. The file is replaced atomically.
    """
    path = Path(out)
    starts = _line_starts(path)
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


def _line_starts(path: Path) -> array[int]:
    """Find the offset of the last line of each index; -1 if there is none."""
    starts, position = array("q"), 0
    with path.open("rb") as source:
        for line in source:
            head = parse_head(line)
            if head is None:
                raise ValueError(f"{path} contains a line that is not a result")
            if head.index >= len(starts):
                starts.extend([-1] * (head.index + 1 - len(starts)))
            starts[head.index] = position
            position += len(line)
    return starts
