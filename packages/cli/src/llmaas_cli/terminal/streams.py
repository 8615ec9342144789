"""Standard streams that never fail: any encoding, any width, closed, full, or left by their reader.

What cannot be written to stdout goes to stderr: an answer that was paid for is never lost.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any, cast

_NARROWEST = 20  # columns; nothing readable fits into less
_PLAIN = {
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2018": "'", "\u2019": "'", "\u201c": '"',
    "\u201d": '"', "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
    "\u2026": "...", "\u00b7": "-", "\u2022": "*", "\u2588": "#", "\u2713": "v", "\u2717": "x",
    "\u2192": "->", "\u00d7": "x", "\u20ac": "EUR", "\u00b6": "par.", "\u200b": "", "\u2060": "",
    "\u2264": "<=", "\u2265": ">=",
}  # fmt: skip
"""Typography that an old encoding lacks, as plain characters; others are shown as escapes."""


class Output:
    """Standard output: flushes each write, and goes to stderr once it cannot be written."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        self.reader_left = self.delivered = False
        """Whether anything was written: a reader that left got what it wanted."""

    def write(self, text: str) -> int:
        """Write and flush; raise ``BrokenPipeError`` when the reader has left."""
        if self.failure is None:
            try:
                self._put(text)
            except BrokenPipeError:
                self.reader_left = True
                discard(self._stream)
                raise
            except (OSError, ValueError) as error:  # ValueError: closed by someone
                self._divert(error)
            else:
                return len(text)
        sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Do nothing: each write is flushed."""

    def isatty(self) -> bool:
        """Whether this is a terminal; a closed stream is not."""
        try:
            return bool(self._stream.isatty())
        except (AttributeError, ValueError):
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _put(self, text: str) -> None:
        if self._stream is None:
            raise OSError(errno.EBADF, "standard output is closed")
        self._stream.write(text)
        self._stream.flush()
        self.delivered = self.delivered or bool(text)

    def _divert(self, error: Exception) -> None:
        self.failure = error if isinstance(error, OSError) else OSError(errno.EBADF, str(error))
        discard(self._stream)


class Remarks(Output):
    """Standard error: what cannot be written there cannot be written anywhere."""

    def write(self, text: str) -> int:
        """Write and flush, or do nothing."""
        if self.failure is None:
            try:
                self._put(text)
            except (OSError, ValueError) as error:
                self._divert(error)
        return len(text)


@contextlib.contextmanager
def standard_streams() -> Iterator[Output]:
    """Replace stdout and stderr by streams that do not fail; yield stdout."""
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
    sys.stdout, sys.stderr = out, cast(Any, Remarks(sys.stderr))
    try:
        yield out
    finally:
        sys.stdout, sys.stderr = before[:2]
        if before[2] is not None:
            os.environ["COLUMNS"] = before[2]


def _set_width(columns: str | None) -> None:
    """Correct a width that nothing can be printed in: consoles of containers report 0."""
    if columns is None:
        return
    if columns.strip().isdecimal() and int(columns) > 0:
        os.environ["COLUMNS"] = str(max(_NARROWEST, int(columns)))
    else:
        del os.environ["COLUMNS"]


def discard(stream: Any) -> None:
    """Let what is left in a stream's buffer go nowhere, or its flush at exit would fail again."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _as_plain(error: UnicodeError) -> tuple[str, int]:
    """Replace what an encoding lacks: typography by plain characters, the rest by escapes."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    shown = (_PLAIN.get(c) if c in _PLAIN else _escaped(c) for c in lacking)
    return "".join(map(str, shown)), error.end


def _escaped(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode()


codecs.register_error("llmaas.plain", _as_plain)
