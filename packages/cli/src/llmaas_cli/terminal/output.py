"""Output of commands: results to stdout, status lines to stderr.

Text of models, servers and files is never interpreted as markup or escape sequences. Styles are
separate arguments.
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
    """Get the console of results."""
    return _console(stderr=False)


@cache
def stderr() -> Console:
    """Get the console of status lines and errors."""
    return _console(stderr=True)


def reset() -> None:
    """Drop the cached consoles, so that width and colors are read from the environment again."""
    stdout.cache_clear()
    stderr.cache_clear()


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    class SafeConsole(Console):
        """Console without markup and control characters."""

        def render_str(self, text: str, **options: Any) -> Text:
            """Render text with visible control characters."""
            options.update(markup=False, emoji=False)
            return super().render_str(visible(text), **options)

        def on_broken_pipe(self) -> None:
            """Raise ``BrokenPipeError`` instead of exiting."""
            raise BrokenPipeError

    return SafeConsole(stderr=stderr, highlight=False, markup=False, emoji=False)


def is_interactive(*, stderr: bool = False) -> bool:
    """Whether the stream is a terminal, regardless of ``FORCE_COLOR``."""
    stream = sys.stderr if stderr else sys.stdout
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def is_unicode() -> bool:
    """Whether stdout can encode every character."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")


def print_json(value: Any, *, lines: bool = False) -> None:
    """Print ``value`` as JSON: pretty for a terminal, one line for a pipe or with ``lines``.

    Characters outside the encoding and control characters are written as JSON escapes.
    """
    indent = 2 if is_interactive() and not lines else None
    text = json.dumps(value, ensure_ascii=not is_unicode(), indent=indent, default=str)
    print(_NOT_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def print_line(*parts: str | tuple[str, str] | Table) -> None:
    """Print a table, or a line of parts, each plain or ``(text, style)``."""
    from rich.table import Table

    for part in parts:
        if isinstance(part, Table):
            stdout().print(part)
            return
    stdout().print(styled(*parts), soft_wrap=not is_interactive())  # type: ignore[arg-type]


def styled(*parts: str | tuple[str, str]) -> Text:
    """Build text from parts, each plain or ``(text, style)``."""
    from rich.text import Text

    text = Text()
    for part in parts:
        content, style = (part, "") if isinstance(part, str) else part
        text.append(visible(content), style)
    return text


def table(*columns: tuple[str, dict[str, Any]] | str, header: bool = False) -> Table:
    """Create an empty table without borders; a column is a title or ``(title, options)``."""
    from rich.table import Table

    new_table = Table(box=None, show_header=header, pad_edge=False, header_style="bold")
    for column in columns:
        title, options = (column, {}) if isinstance(column, str) else column
        new_table.add_column(title, **{"overflow": "fold", **options})
    return new_table


def print_status(text: str, style: str = "") -> None:
    """Print a status line on stderr."""
    stderr().print(text, style=style, soft_wrap=True)


def print_text(text: str, style: str = "") -> None:
    """Print a part of a streamed answer."""
    stdout().print(text, style=style, end="", soft_wrap=True)


def csv_cell(value: object) -> object:
    """Escape a cell that a spreadsheet would evaluate as a formula."""
    is_formula = isinstance(value, str) and value.startswith(_FORMULA)
    return f"'{value}" if is_formula else value
