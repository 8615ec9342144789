"""Why does it not work here? Checks from the name of the host to the model asked for."""

from llmaas_cli.doctor.check import Check, Status
from llmaas_cli.doctor.run import examine

__all__ = ["Check", "Status", "examine"]
