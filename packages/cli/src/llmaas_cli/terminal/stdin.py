"""Standard input: read on request, decoded from any encoding, limited in size."""

from __future__ import annotations

import os
import select
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from llmaas.text import decode, from_argument, well_formed
from llmaas_cli.terminal.output import print_status

MAX_BYTES = 64_000_000
"""Limit of standard input: more than any model accepts, less than exhausts the memory."""
_HINT_AFTER = 3.0  # seconds


def is_terminal() -> bool:
    """Whether standard input is a terminal."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:  # closed
        return False


def is_closed() -> bool:
    """Whether standard input is closed or missing."""
    return sys.stdin is None or sys.stdin.closed


def read() -> str:
    """Read all of standard input as text.

    Raises ``ValueError`` if it is larger than ``LARGEST``.
    """
    if is_closed():
        return ""
    with _hint_after_silence():
        data = _read_bytes()
    if len(data) > MAX_BYTES:
        raise ValueError(f"Standard input is larger than {MAX_BYTES:,} bytes.")
    text, encoding = decode(data)
    if encoding == "cp1252":
        print_status("warning: standard input is not UTF-8; it was read as Windows-1252", "yellow")
    return text


def parse_words(arguments: list[str] | None) -> tuple[str, bool]:
    """Join the words of a question; also return whether ``-`` among them reads standard input."""
    given = arguments or []
    return " ".join(from_argument(word) for word in given if word != "-"), "-" in given


def warn_if_ignored() -> None:
    """Print a note if standard input has data that a question on the command line ignores.

    The data may be the rest of a loop's input (``while read q; do llmaas chat "$q"; done``).
    """
    if not is_closed() and not is_terminal() and _has_unread_data():
        print_status("note: standard input is ignored; add - to send it with the question", "dim")


def _read_bytes() -> bytes:
    buffer = getattr(sys.stdin, "buffer", None)
    if buffer is None:  # a text stream without a buffer
        return well_formed(sys.stdin.read(MAX_BYTES + 1)).encode()
    data: bytes = buffer.read(MAX_BYTES + 1)
    return data


def _has_unread_data() -> bool:
    """Whether a file or a pipe has unread data. Does not block."""
    try:
        handle = sys.stdin.fileno()
        state = os.fstat(handle)
        if stat.S_ISREG(state.st_mode):
            return state.st_size > os.lseek(handle, 0, os.SEEK_CUR)
        return stat.S_ISFIFO(state.st_mode) and _holds_data(handle)
    except (OSError, ValueError, AttributeError, ImportError):  # Windows has no termios
        return False


def _holds_data(pipe: int) -> bool:
    """Whether a pipe has data; a pipe at its end is readable, too."""
    import array
    import fcntl
    import termios

    if not select.select([pipe], [], [], 0)[0]:
        return False
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0] > 0


@contextmanager
def _hint_after_silence() -> Iterator[None]:
    """Print a hint if reading takes long."""
    timer = threading.Timer(
        _HINT_AFTER, print_status, ("reading standard input until its end; Ctrl-C stops", "dim")
    )
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
