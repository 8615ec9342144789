"""Connection diagnosis: checks from the host name to the requested model."""

from llmaas_cli.doctor.check import Check, Status
from llmaas_cli.doctor.run import examine

__all__ = ["Check", "Status", "examine"]
