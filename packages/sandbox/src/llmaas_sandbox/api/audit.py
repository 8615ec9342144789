"""Administration endpoints of the audit log."""

from __future__ import annotations

from llmaas_sandbox.audit.report import build_report, to_text
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.reply import Reply


def verify(exchange: Exchange) -> Reply:
    """Verify the hash chain of the audit log."""
    verdict = exchange.state.audit_log.verify()
    return Reply({"intact": verdict.intact, "records": verdict.records, "problem": verdict.problem})


def compliance(exchange: Exchange) -> Reply:
    """Summarize the audit log; ``format=text`` returns plain text."""
    summary = build_report(exchange.state.audit_log, exchange.query.get("tenant"))
    if exchange.query.get("format") == "text":
        return Reply(
            media=to_text(summary).encode("utf-8", "replace"),
            content_type="text/plain; charset=utf-8",
        )
    return Reply(summary)


ENDPOINTS = (
    Endpoint("GET", "/admin/audit/verify", verify, takes="nothing", open_to="admin"),
    Endpoint("GET", "/admin/audit/report", compliance, takes="nothing", open_to="admin"),
)
