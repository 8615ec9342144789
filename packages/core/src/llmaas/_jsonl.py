"""Atomic appends of records to JSON Lines files."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_LOCK_TIMEOUT = 1.0
"""Seconds to wait for the lock of another process; then the line is written anyway."""
_MAX_DEPTH = 12
"""Nesting levels of a value that are written."""


COMPACT, SPACED = (",", ":"), (", ", ": ")
"""Separators of a line: compact, or the default of ``json.dumps``."""


def to_line(record: Mapping[str, object], separators: tuple[str, str] = COMPACT) -> str:
    """Encode a record as a line of JSON; values that JSON does not support become text."""
    try:
        line = json.dumps(
            record, ensure_ascii=False, separators=separators, default=_text, allow_nan=False
        )
        line.encode()
    except (TypeError, ValueError, RecursionError):  # odd keys, cycles, lone surrogates, NaN
        line = json.dumps(_to_plain(record, _MAX_DEPTH), separators=separators)
    return line


def append(
    path: str | Path, record: Mapping[str, object], separators: tuple[str, str] = COMPACT
) -> None:
    """Append a record to a file, created with mode 0600; safe for several processes.

    A truncated last line, left by a full disk or a power failure, is terminated first, so that
    only that record is lost.

    Raises ``OSError`` if the record cannot be written; the file then has no part of it.
    """
    line = to_line(record, separators).encode() + b"\n"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):  # a terminal, a pipe
            _write_whole(file, line, None)
            return
        with _locked(file):
            size = os.fstat(file).st_size
            torn = size and _last_byte(file, size) != b"\n"
            _write_whole(file, b"\n" + line if torn else line, size)
    finally:
        os.close(file)


@contextmanager
def _locked(file: int) -> Iterator[None]:
    """Lock a file against other processes that append to it, if the system supports it."""
    is_held = _lock(file)
    try:
        yield
    finally:
        if is_held:
            _unlock(file)


def _lock(file: int) -> bool:
    """Lock a file for this process; False where locks are not available, or not in time."""
    try:
        import fcntl
    except ImportError:  # Windows: O_APPEND alone keeps lines apart
        return False
    until = time.monotonic() + _LOCK_TIMEOUT
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:  # a stopped process must not block the others
                return False
            time.sleep(0.001)
        except OSError:  # a file system without locks
            return False
        else:
            return True


def _unlock(file: int) -> None:
    import fcntl

    fcntl.flock(file, fcntl.LOCK_UN)


def _last_byte(file: int, size: int) -> bytes:
    os.lseek(file, size - 1, os.SEEK_SET)
    return os.read(file, 1)


def _write_whole(file: int, data: bytes, size: int | None) -> None:
    """Write all bytes, or truncate the file to its old size."""
    written = 0
    try:
        while written < len(data):
            written += os.write(file, data[written:])
    except OSError:
        if written and size is not None:
            os.ftruncate(file, size)
        raise


def _to_plain(value: object, depth: int) -> object:
    """Convert a value to types that JSON supports."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else repr(value)
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if depth == 0:
        return "..."
    if isinstance(value, Mapping):
        return {_text(key): _to_plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return [_to_plain(item, depth - 1) for item in value]
    return _text(value)


def _text(value: object) -> str:
    try:
        text = str(value)
    except Exception:  # the record is written even if a value has no text
        text = f"<{type(value).__name__}>"
    return text.encode("utf-8", "backslashreplace").decode()
