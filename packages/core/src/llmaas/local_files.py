"""Reading of local files that the program names explicitly.

Text in a message may come from anyone: it can be a URL, never a file name. Files are named by a
``pathlib.Path`` or an argument. Only regular files are read: a pipe could block, and a device
could be endless.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Default of ``max_file_bytes``, the largest file that is read."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Without ``O_NONBLOCK``, opening a pipe waits for a writer."""


def read_regular_file(path: str | Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """Read a regular file. Raises ``OSError``, ``ValueError`` for another kind or a large one."""
    descriptor = os.open(path, _FLAGS | getattr(os, "O_CLOEXEC", 0))
    try:
        _check_file(os.fstat(descriptor), limit)
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:  # it has grown meanwhile
        raise ValueError(f"it has more than max_file_bytes={limit} bytes")
    return data


def _check_file(status: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is not a regular file")
    if status.st_size > limit:
        raise ValueError(f"it has {status.st_size} bytes, more than max_file_bytes={limit}")
