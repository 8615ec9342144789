"""Packaged verdicts of earlier runs, by server: the sandbox, real engines, the service."""

from llmaas_cli.probe.verified.servers import SERVICE, ServerVerdicts, load_servers

__all__ = ["SERVICE", "ServerVerdicts", "load_servers"]
