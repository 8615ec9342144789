"""Commands of ``llmaas``, one module each; a command imports what it needs when it runs."""

from llmaas_cli.commands.app import main

__all__ = ["main"]
