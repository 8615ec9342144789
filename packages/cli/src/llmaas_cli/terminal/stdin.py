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
from llmaas_cli.terminal.output import say

LARGEST = 64_000_000
"""Bytes: more than any model reads, and less than fills a machine's memory."""
_SILENCE = 3.0  # seconds without an end, after which a person may think that nothing happens


def is_terminal() -> bool:
    """Whether a person types there."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:  # closed
        return False


def is_closed() -> bool:
    """Whether there is no standard input at all."""
    return sys.stdin is None or sys.stdin.closed


def read() -> str:
    """Read all of standard input as text.

    Raises ``ValueError`` when it is larger than ``LARGEST``.
    """
    if is_closed():
        return ""
    with _told_after_silence():
        data = _bytes()
    if len(data) > LARGEST:
        raise ValueError(f"standard input is larger than {LARGEST:,} bytes")
    text, encoding = decode(data)
    if encoding == "cp1252":
        say("warning: standard input is not UTF-8; it was read as Windows-1252", "yellow")
    return text


def words(arguments: list[str] | None) -> tuple[str, bool]:
    """Return the words of a question, and whether ``-`` among them asks for standard input."""
    given = arguments or []
    return " ".join(from_argument(word) for word in given if word != "-"), "-" in given


def tell_if_ignored() -> None:
    """Say that data waits in standard input, which a question on the command line leaves alone.

    It may be the rest of a loop's input (``while read q; do llmaas chat "$q"; done``).
    """
    if not is_closed() and not is_terminal() and _waits():
        say("note: standard input is not read beside a question; add - to send it along", "dim")


def _bytes() -> bytes:
    buffer = getattr(sys.stdin, "buffer", None)
    if buffer is None:  # a replacement that holds text
        return well_formed(sys.stdin.read(LARGEST + 1)).encode()
    data: bytes = buffer.read(LARGEST + 1)
    return data


def _waits() -> bool:
    """Whether a file or a pipe holds something unread; never waits for it."""
    try:
        handle = sys.stdin.fileno()
        state = os.fstat(handle)
        if stat.S_ISREG(state.st_mode):
            return state.st_size > os.lseek(handle, 0, os.SEEK_CUR)
        return stat.S_ISFIFO(state.st_mode) and _holds_data(handle)
    except (OSError, ValueError, AttributeError, ImportError):  # Windows has no termios
        return False


def _holds_data(pipe: int) -> bool:
    """Whether a pipe holds bytes; its end is readable too, but holds none."""
    import array
    import fcntl
    import termios

    if not select.select([pipe], [], [], 0)[0]:
        return False
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0] > 0


@contextmanager
def _told_after_silence() -> Iterator[None]:
    """Say what is waited for, when it does not come."""
    timer = threading.Timer(
        _SILENCE, say, ("reading standard input until its end; Ctrl-C stops", "dim")
    )
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
