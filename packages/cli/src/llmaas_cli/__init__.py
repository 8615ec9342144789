"""The ``llmaas`` command, and its parts for programs: doctor, demo, notebook magics, MCP server."""

from llmaas_cli._version import __version__

__all__ = ["__version__"]
