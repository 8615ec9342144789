"""Options of ``%%llmaas``."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, NoReturn

from IPython.core.error import UsageError


class _OptionParser(argparse.ArgumentParser):
    """Argument parser that raises ``UsageError`` on one line."""

    def error(self, message: str) -> NoReturn:
        """Raise ``UsageError`` instead of exiting."""
        raise UsageError(f"%%llmaas: {message}")


def _variable_name(name: str) -> str:
    if not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{name!r} is not a valid variable name")
    return name


PARSER = _OptionParser(prog="%%llmaas", add_help=False, allow_abbrev=False)
PARSER.add_argument("-m", "--model", help="model of this question")
PARSER.add_argument("-s", "--system", help="system message of this question")
PARSER.add_argument("-t", "--temperature", type=float, help="0 to 2")
PARSER.add_argument("-e", "--effort", help="reasoning effort: low, medium, high")
PARSER.add_argument("--max-tokens", type=int, help="longest answer, reasoning included")
PARSER.add_argument(
    "-v", "--var", metavar="NAME", type=_variable_name, help="variable for the answer's text"
)
PARSER.add_argument(
    "--completion",
    metavar="NAME",
    type=_variable_name,
    help="variable for the whole completion",
)
PARSER.add_argument("--new", action="store_true", help="clear the conversation first")


def parse_options(line: str) -> Any:
    """Parse the options of a line. Raises ``UsageError``."""
    try:
        arguments = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%%llmaas: {error}") from None
    return PARSER.parse_args(arguments)
