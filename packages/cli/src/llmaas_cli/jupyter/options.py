"""Options of ``%%llmaas``."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, NoReturn

from IPython.core.error import UsageError


class _Parser(argparse.ArgumentParser):
    """Complains as IPython does: one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of leaving."""
        raise UsageError(f"%%llmaas: {message}")


def _variable(name: str) -> str:
    if not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{name!r} is not the name of a variable")
    return name


PARSER = _Parser(prog="%%llmaas", add_help=False, allow_abbrev=False)
PARSER.add_argument("-m", "--model", help="who answers this question")
PARSER.add_argument("-s", "--system", help="instructions, for this question")
PARSER.add_argument("-t", "--temperature", type=float, help="0 to 2")
PARSER.add_argument("-e", "--effort", help="how much to reason: low, medium, high")
PARSER.add_argument("--max-tokens", type=int, help="the longest answer, reasoning included")
PARSER.add_argument("-v", "--var", metavar="NAME", type=_variable, help="takes the answer's text")
PARSER.add_argument(
    "--completion", metavar="NAME", type=_variable, help="takes the whole answer, counts and all"
)
PARSER.add_argument("--new", action="store_true", help="forget the conversation first")


def parse_options(line: str) -> Any:
    """Return the options of a line; ``UsageError`` when they make no sense."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%%llmaas: {error}") from None
    return PARSER.parse_args(words)
