"""Output of every command: answers and JSON to stdout, remarks about them to stderr.

Text is shown as it is: what a model, a server or a file says is neither markup nor an escape
sequence here. Style is given beside the text, never inside it.
"""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from llmaas.text import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_NOT_IN_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@cache
def stdout() -> Console:
    """Return the console of results."""
    return _console(stderr=False)


@cache
def stderr() -> Console:
    """Return the console of remarks and errors."""
    return _console(stderr=True)


def reset() -> None:
    """Forget the consoles: width and colors are read again from the environment."""
    stdout.cache_clear()
    stderr.cache_clear()


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    class SafeConsole(Console):
        """A console that interprets nothing in what it prints."""

        def render_str(self, text: str, **options: Any) -> Text:
            """Return text with its control characters shown."""
            options.update(markup=False, emoji=False)
            return super().render_str(visible(text), **options)

        def on_broken_pipe(self) -> None:
            """Let the command end as for any other writer."""
            raise BrokenPipeError

    return SafeConsole(stderr=stderr, highlight=False, markup=False, emoji=False)


def is_interactive(*, stderr: bool = False) -> bool:
    """Whether a person watches: a terminal, whatever ``FORCE_COLOR`` says of a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def is_unicode() -> bool:
    """Whether stdout takes every character."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")


def print_json(value: Any, *, lines: bool = False) -> None:
    """Print ``value`` as JSON: pretty for a terminal, one line for a pipe or with ``lines``.

    Characters that the encoding lacks or that a terminal would execute are written as escapes,
    so that a reader gets every one.
    """
    indent = 2 if is_interactive() and not lines else None
    text = json.dumps(value, ensure_ascii=not is_unicode(), indent=indent, default=str)
    print(_NOT_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def show(*pieces: str | tuple[str, str] | Table) -> None:
    """Print a line of pieces, each plain or ``(text, style)``; or a table."""
    from rich.table import Table

    for piece in pieces:
        if isinstance(piece, Table):
            stdout().print(piece)
            return
    stdout().print(styled(*pieces), soft_wrap=not is_interactive())  # type: ignore[arg-type]


def styled(*pieces: str | tuple[str, str]) -> Text:
    """Return text made of pieces, each plain or ``(text, style)``; nothing in them is markup."""
    from rich.text import Text

    text = Text()
    for piece in pieces:
        words, style = (piece, "") if isinstance(piece, str) else piece
        text.append(visible(words), style)
    return text


def table(*columns: tuple[str, dict[str, Any]] | str, header: bool = False) -> Table:
    """Return an empty table without lines; a column is a title, or ``(title, options)``."""
    from rich.table import Table

    made = Table(box=None, show_header=header, pad_edge=False, header_style="bold")
    for column in columns:
        title, options = (column, {}) if isinstance(column, str) else column
        made.add_column(title, **{"overflow": "fold", **options})
    return made


def say(text: str, style: str = "") -> None:
    """Print a line about the work, not of the result."""
    stderr().print(text, style=style, soft_wrap=True)


def write(text: str, style: str = "") -> None:
    """Print a piece of a streamed answer."""
    stdout().print(text, style=style, end="", soft_wrap=True)


def csv_cell(value: Any) -> Any:
    """Return a cell that a spreadsheet shows and does not compute."""
    is_formula = isinstance(value, str) and value.startswith(_FORMULA)
    return f"'{value}" if is_formula else value
