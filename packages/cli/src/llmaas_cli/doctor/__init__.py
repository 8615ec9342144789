"""Connection diagnosis: checks from the host name to the requested model."""

from llmaas_cli.doctor.check import Check, Status
from llmaas_cli.doctor.run import run_checks

__all__ = ["Check", "Status", "run_checks"]
