"""Standard streams that never fail: any encoding or width, closed, full, or without a reader.

Text that stdout rejects goes to stderr, because an answer is paid for.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any, cast

_MIN_COLUMNS = 20  # terminal columns
_PLAIN_CHARACTERS = {
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2018": "'", "\u2019": "'", "\u201c": '"',
    "\u201d": '"', "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
    "\u2026": "...", "\u00b7": "-", "\u2022": "*", "\u2588": "#", "\u2713": "v", "\u2717": "x",
    "\u2192": "->", "\u00d7": "x", "\u20ac": "EUR", "\u00b6": "par.", "\u200b": "", "\u2060": "",
    "\u2264": "<=", "\u2265": ">=",
}  # fmt: skip
"""ASCII replacements of typographic characters; others become escapes."""


class Output:
    """Standard output. Flushes each write; falls back to stderr after a failed one."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        self.reader_left = self.delivered = False
        """``delivered``: whether anything was written before the reader left."""

    def write(self, text: str) -> int:
        """Write and flush. Raises ``BrokenPipeError`` if the reader has left."""
        if self.failure is None:
            try:
                self._write_now(text)
            except BrokenPipeError:
                self.reader_left = True
                discard_buffer(self._stream)
                raise
            except (OSError, ValueError) as error:  # ValueError: the stream is closed
                self._divert(error)
            else:
                return len(text)
        sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Do nothing, because each write is flushed."""

    def isatty(self) -> bool:
        """Whether the stream is an open terminal."""
        try:
            return bool(self._stream.isatty())
        except (AttributeError, ValueError):
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _write_now(self, text: str) -> None:
        if self._stream is None:
            raise OSError(errno.EBADF, "standard output is closed")
        self._stream.write(text)
        self._stream.flush()
        self.delivered = self.delivered or bool(text)

    def _divert(self, error: Exception) -> None:
        self.failure = error if isinstance(error, OSError) else OSError(errno.EBADF, str(error))
        discard_buffer(self._stream)


class ErrorOutput(Output):
    """Standard error. Drops text after a failed write."""

    def write(self, text: str) -> int:
        """Write and flush; do nothing after a failure."""
        if self.failure is None:
            try:
                self._write_now(text)
            except (OSError, ValueError) as error:
                self._divert(error)
        return len(text)


@contextlib.contextmanager
def standard_streams() -> Iterator[Output]:
    """Replace stdout and stderr by streams that never fail; yield stdout."""
    before = sys.stdout, sys.stderr, os.environ.get("COLUMNS")
    streams: list[tuple[Any, str]] = [
        (sys.stdout, "llmaas.plain"),
        (sys.stderr, "llmaas.plain"),
        (sys.stdin, "surrogateescape"),
    ]
    for stream, errors in streams:
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors=errors)
    _set_width(before[2])
    out: Any = Output(sys.stdout)
    sys.stdout, sys.stderr = out, cast(Any, ErrorOutput(sys.stderr))
    try:
        yield out
    finally:
        sys.stdout, sys.stderr = before[:2]
        if before[2] is not None:
            os.environ["COLUMNS"] = before[2]


def _set_width(columns: str | None) -> None:
    """Correct an unusable width: consoles of containers report 0."""
    if columns is None:
        return
    if columns.strip().isdecimal() and int(columns) > 0:
        os.environ["COLUMNS"] = str(max(_MIN_COLUMNS, int(columns)))
    else:
        del os.environ["COLUMNS"]


def discard_buffer(stream: Any) -> None:
    """Redirect a stream to the null device, so that its flush at exit does not fail again."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        null_device = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null_device, stream.fileno())
        os.close(null_device)


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    """Replace unencodable characters: typography by ASCII, the rest by escapes."""
    assert isinstance(error, UnicodeEncodeError)
    unencodable = error.object[error.start : error.end]
    shown = (
        _PLAIN_CHARACTERS.get(c) if c in _PLAIN_CHARACTERS else _escape(c) for c in unencodable
    )
    return "".join(map(str, shown)), error.end


def _escape(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode()


codecs.register_error("llmaas.plain", _replace_unencodable)
