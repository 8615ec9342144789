"""Where output goes: answers and JSON to stdout, everything about them to stderr."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


@cache
def stdout() -> Console:
    """Return the console of results."""
    from rich.console import Console

    return Console(highlight=False)


@cache
def stderr() -> Console:
    """Return the console of remarks and errors."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Print ``value`` as JSON: pretty for a terminal, one line for a pipe."""
    indent = 2 if sys.stdout.isatty() else None
    print(json.dumps(value, ensure_ascii=False, indent=indent, default=str))


def say(text: str, style: str = "") -> None:
    """Print a line about the work, not of the result."""
    stderr().print(text, style=style, markup=False, soft_wrap=True)


def write(text: str, style: str = "") -> None:
    """Print a piece of a streamed answer, as it is."""
    console = stdout()
    console.print(text, style=style, end="", markup=False, emoji=False, soft_wrap=True)
    console.file.flush()


def number(value: int | None) -> str:
    """Return a count with thin groups of digits; a dash when it is unknown."""
    return "-" if value is None else f"{value:,}".replace(",", "\u202f")


def energy(kwh: float) -> str:
    """Return an energy in the unit that reads best."""
    for limit, factor, unit in ((0.001, 1e6, "mWh"), (1.0, 1e3, "Wh")):
        if kwh < limit:
            return f"{kwh * factor:.3g} {unit}"
    return f"{kwh:,.2f} kWh"
