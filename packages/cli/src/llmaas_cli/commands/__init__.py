"""The ``llmaas`` command: one module per command, each importing what it needs when it runs."""

from llmaas_cli.commands.app import main

__all__ = ["main"]
