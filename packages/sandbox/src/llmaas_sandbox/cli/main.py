"""Entry point that selects the command."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from llmaas_sandbox.cli import audit, keys, serve

_COMMANDS = {"keys": keys.run, "audit": audit.run, "serve": serve.run}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; defaults to ``serve``."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = _COMMANDS.get(given[0]) if given else None
    sys.exit(command(given[1:]) if command else serve.run(given))
