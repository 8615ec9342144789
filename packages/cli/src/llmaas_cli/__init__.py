"""The ``llmaas`` command and what belongs beside it: doctor, demo, notebooks, an MCP server."""

from llmaas_cli._version import __version__

__all__ = ["__version__"]
