"""Telemetry hooks: OpenTelemetry spans and metrics, and audit logs.

All of them are opt-in; message content is a separate opt-in.
"""

from llmaas.telemetry.audit import AuditLog
from llmaas.telemetry.otel import Telemetry, instrument, uninstrument

__all__ = ["AuditLog", "Telemetry", "instrument", "uninstrument"]
