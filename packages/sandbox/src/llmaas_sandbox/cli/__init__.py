"""The command line: serve, or look after the keys and the audit of a data folder."""

from llmaas_sandbox.cli.main import main

__all__ = ["main"]
