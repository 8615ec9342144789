"""Why does it not work here? Checks from the name of the host to the model asked for."""

from llmaas.doctor.check import Check, Status
from llmaas.doctor.run import examine

__all__ = ["Check", "Status", "examine"]
