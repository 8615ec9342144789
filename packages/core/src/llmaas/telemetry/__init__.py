"""What happened, for those who operate: OpenTelemetry spans and metrics, and audit records.

All of it is off unless asked for, and holds no content unless asked twice.
"""

from llmaas.telemetry.audit import AuditLog
from llmaas.telemetry.otel import Telemetry, instrument, uninstrument

__all__ = ["AuditLog", "Telemetry", "instrument", "uninstrument"]
