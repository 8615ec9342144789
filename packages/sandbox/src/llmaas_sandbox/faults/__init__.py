"""Faults and dialects on demand: by header, by persona, by configuration or scripted."""

from llmaas_sandbox.faults.names import FAULTS
from llmaas_sandbox.faults.parse import Faults, parse_faults

__all__ = ["FAULTS", "Faults", "parse_faults"]
