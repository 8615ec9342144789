"""Word wrapping of streamed text at the width of the terminal."""

from __future__ import annotations

import re

from llmaas_cli.terminal.output import is_interactive, stdout, write

_PIECES = re.compile(r"\n|[^\S\n]+|\S+")


class Flow:
    """Prints pieces of text as they come, holding back the word that may go on.

    Code between ``` fences keeps its lines, so that it can be copied. Into a pipe,
    everything goes as it is.
    """

    def __init__(self) -> None:
        self._wraps = is_interactive()
        self._width = stdout().width
        self._held = ""
        self._line = ""
        self._fenced = False
        self._style = ""

    def put(self, text: str, style: str = "") -> None:
        """Print what is complete of ``text``; a change of style ends the word."""
        if not self._wraps:
            write(text)
            return
        if style != self._style:
            self.end()
            self._style = style
        pieces = _PIECES.findall(self._held + text)
        self._held = pieces.pop() if pieces and not pieces[-1].isspace() else ""
        for piece in pieces:
            self._print(piece)

    def end(self) -> None:
        """Print what was held back."""
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
        write(piece, self._style)

    def _break_before(self, piece: str) -> None:
        overflows = len(self._line) + len(piece) > self._width
        if overflows and self._line and not self._fenced and not piece.isspace():
            self._line = ""
            write("\n")
