"""A file that only grows, line by line, and survives being killed while it does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

_STEP = 1 << 16


class Lines:
    """Lines appended whole. A torn last line, left by a kill or a full disk, is cut off.

    ``alone`` refuses a file that is in use (``BlockingIOError``), before anything is cut off.
    """

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            if alone:
                _lock(self._file)
            self._mend()
        except BaseException:
            os.close(self._file)
            raise

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return os.fstat(self._file).st_size

    def add(self, line: str) -> None:
        """Append a line: from now on it survives this process, after ``sync`` also the machine."""
        data = line.encode("utf-8", "surrogatepass") + b"\n"
        while data:
            data = data[os.write(self._file, data) :]

    def sync(self) -> None:
        """Wait until the disk has everything."""
        os.fsync(self._file)

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            yield from file

    def close(self) -> None:
        """Sync and close."""
        self.sync()
        os.close(self._file)

    def _mend(self) -> None:
        end = self._last_newline(self.size)
        if end and not self._is_json(self._last_newline(end - 1), end):
            end = self._last_newline(end - 1)
        os.ftruncate(self._file, end)

    def _last_newline(self, end: int) -> int:
        """Return the position behind the last newline before ``end``."""
        while end > 0:
            start = max(0, end - _STEP)
            found = os.pread(self._file, end - start, start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
        return 0

    def _is_json(self, start: int, end: int) -> bool:
        try:
            json.loads(os.pread(self._file, end - start, start))
        except ValueError:
            return False
        return True


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no such lock: one run at a time is the user's care
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
