"""Verdicts of guardian models."""

from llmaas._guard_verdict import parse_verdict as parse_guard_verdict

__all__ = ["parse_guard_verdict"]
