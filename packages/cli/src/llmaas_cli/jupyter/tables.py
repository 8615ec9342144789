"""Table with a plain-text and an HTML representation."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from llmaas.text import visible


class Table:
    """Table of text; ``numbers`` are the positions of right-aligned columns."""

    def __init__(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()
    ) -> None:
        self._rows = [[visible(cell) for cell in row] for row in (header, *rows)]
        self._numbers = set(numbers)

    def __repr__(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self._rows, strict=True)]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if column in self._numbers else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in self._rows
        )

    def _repr_html_(self) -> str:
        header, *rows = self._rows
        body = "".join(f"<tr>{self._cells(row, 'td')}</tr>" for row in rows)
        header_row = f"<tr>{self._cells(header, 'th')}</tr>"
        return f"<table><thead>{header_row}</thead><tbody>{body}</tbody></table>"

    def _cells(self, row: Sequence[str], tag: str) -> str:
        sides = ["right" if column in self._numbers else "left" for column in range(len(row))]
        return "".join(
            f'<{tag} style="text-align: {side}">{escape(cell)}</{tag}>'
            for side, cell in zip(sides, row, strict=True)
        )
