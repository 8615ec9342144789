"""Injected faults and response variants, by header, test model, configuration or script."""

from llmaas_sandbox.faults.names import FAULTS
from llmaas_sandbox.faults.parse import Faults, parse_faults

__all__ = ["FAULTS", "Faults", "parse_faults"]
