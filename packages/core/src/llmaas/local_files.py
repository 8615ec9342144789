"""Local files, opened only when the program says so.

A text in a message comes from anybody: it is an address, never the name of a file. Files are
named by ``pathlib.Path`` or by an argument of the program. Only regular files are read: a pipe
would block, and a device would never end.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

MAX_FILE_BYTES = 64 * 1024 * 1024
"""The default of ``max_file_bytes``: the size up to which a file is read."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Without ``O_NONBLOCK``, opening a pipe waits for somebody who writes to it."""


def read_regular_file(path: str | Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """Read a file; raise ``OSError`` or ``ValueError`` for what is not one, or is too large."""
    descriptor = os.open(path, _FLAGS | getattr(os, "O_CLOEXEC", 0))
    try:
        _check(os.fstat(descriptor), limit)
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:  # it has grown since
        raise ValueError(f"it has more than max_file_bytes={limit} bytes")
    return data


def _check(facts: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise ValueError("it is not a regular file")
    if facts.st_size > limit:
        raise ValueError(f"it has {facts.st_size} bytes, more than max_file_bytes={limit}")
