"""Command line: serve, or manage the keys and the audit log of a data folder."""

from llmaas_sandbox.cli.main import main

__all__ = ["main"]
