"""Injected faults: cases, operations, runner."""
