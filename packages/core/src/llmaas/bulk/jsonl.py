"""Append-only JSONL file that survives a kill or a power cut while a line is written."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from llmaas._errors_base import ConfigurationError

_STEP = 1 << 16
_FLAGS = (
    os.O_RDWR
    | os.O_APPEND
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a named pipe must not block
    | getattr(os, "O_BINARY", 0)
)
_LOCKED_BYTE = 1 << 30
"""Windows locks bytes, not files: this one is behind every line."""


class JSONLFile:
    """Lines appended whole to a regular file of mode 0600. Links are not followed.

    ``exclusive`` locks the file and raises ``BlockingIOError`` if another process holds it. An
    existing file is not changed until ``repair`` is called: check first whose file it is.
    """

    def __init__(self, path: Path, *, exclusive: bool = False) -> None:
        self.path = path
        self._file = _open_regular(path)
        try:
            if exclusive:
                _lock(self._file)
        except BaseException:
            os.close(self._file)
            raise

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return os.fstat(self._file).st_size

    def append(self, line: str) -> None:
        """Append a line. It survives a kill of this process, and after ``sync`` a power cut.

        Raises ``OSError`` when the disk is full; the file is then as it was before.
        """
        data, before = line.encode("utf-8", "surrogatepass") + b"\n", self.size
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError:
            os.ftruncate(self._file, before)
            raise

    def sync(self) -> None:
        """Flush the file to disk."""
        os.fsync(self._file)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the complete lines."""
        with self.path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line

    def incomplete_line(self) -> bytes:
        """Read the start of a last line that has no line feed."""
        start = self._last_newline(self.size)
        return self._read(start, min(self.size, start + _STEP))

    def repair(self) -> None:
        """Truncate an incomplete or invalid last line, left by a kill or a power cut."""
        end = self._last_newline(self.size)
        if end and not self._is_json(self._last_newline(end - 1), end):
            end = self._last_newline(end - 1)
        if end < self.size:
            os.ftruncate(self._file, end)

    def close(self) -> None:
        """Flush and close."""
        self.sync()
        os.close(self._file)

    def _last_newline(self, end: int) -> int:
        """Find the position after the last line feed before ``end``."""
        while end > 0:
            start = max(0, end - _STEP)
            found = self._read(start, end).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
        return 0

    def _read(self, start: int, end: int) -> bytes:
        os.lseek(self._file, start, os.SEEK_SET)  # O_APPEND writes at the end regardless
        parts = []
        while start < end and (data := os.read(self._file, end - start)):
            parts.append(data)
            start += len(data)
        return b"".join(parts)

    def _is_json(self, start: int, end: int) -> bool:
        try:
            json.loads(self._read(start, end))
        except ValueError:
            return False
        return True


def _open_regular(path: Path) -> int:
    """Open a regular file without following a link; refuse everything else."""
    if path.is_symlink():  # Windows has no O_NOFOLLOW
        raise ConfigurationError(f"{path} is a symbolic link. Pass the path of its target.")
    try:
        file = os.open(path, _FLAGS | os.O_CREAT, 0o600)
    except OSError as error:
        kind = "is a symbolic link" if error.errno == errno.ELOOP else f"cannot be used: {error}"
        raise ConfigurationError(f"{path} {kind}. Choose another --out.") from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise ConfigurationError(f"{path} is not a regular file. Choose another --out.")
    return file


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:
        _lock_byte(file)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock_byte(file: int) -> None:
    try:
        import msvcrt
    except ImportError:  # neither POSIX nor Windows: the file cannot be locked
        return
    os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError as error:
        raise BlockingIOError(*error.args) from None
