"""Word wrapping of streamed text at the width of the terminal."""

from __future__ import annotations

import re

from llmaas_cli.terminal.output import is_interactive, print_text, stdout

_PIECES = re.compile(r"\n|[^\S\n]+|\S+")


class WordWrapper:
    """Word wrapper of streamed text; holds back the last word, which may continue.

    Lines between ``` fences are not wrapped, so that code can be copied. Output to a pipe is not
    wrapped.
    """

    def __init__(self) -> None:
        self._wraps = is_interactive()
        self._width = stdout().width
        self._held = ""
        self._line = ""
        self._fenced = False
        self._style = ""

    def write(self, text: str, style: str = "") -> None:
        """Print the complete words of ``text``; a change of style ends a word."""
        if not self._wraps:
            print_text(text)
            return
        if style != self._style:
            self.flush()
            self._style = style
        pieces = _PIECES.findall(self._held + text)
        self._held = pieces.pop() if pieces and not pieces[-1].isspace() else ""
        for piece in pieces:
            self._print(piece)

    def flush(self) -> None:
        """Print the held word."""
        if self._held:
            self._print(self._held)
            self._held = ""

    def _print(self, piece: str) -> None:
        if piece == "\n":
            self._fenced ^= self._line.startswith("```")
            self._line = ""
        else:
            self._break_before(piece)
            self._line += piece
        print_text(piece, self._style)

    def _break_before(self, piece: str) -> None:
        overflows = len(self._line) + len(piece) > self._width
        if overflows and self._line and not self._fenced and not piece.isspace():
            self._line = ""
            print_text("\n")
