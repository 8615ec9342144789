"""The administrator's paths of the audit trail."""

from __future__ import annotations

from llmaas_sandbox.audit.report import build_report, to_text
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.reply import Reply


def verify(exchange: Exchange) -> Reply:
    """Tell whether the trail is intact."""
    verdict = exchange.state.audit_log.verify()
    return Reply({"intact": verdict.intact, "records": verdict.records, "problem": verdict.problem})


def compliance(exchange: Exchange) -> Reply:
    """Sum the trail up; ``format=text`` for people."""
    told = build_report(exchange.state.audit_log, exchange.query.get("tenant"))
    if exchange.query.get("format") == "text":
        return Reply(
            media=to_text(told).encode("utf-8", "replace"),
            content_type="text/plain; charset=utf-8",
        )
    return Reply(told)


ENDPOINTS = (
    Endpoint("GET", "/admin/audit/verify", verify, takes="nothing", open_to="admin"),
    Endpoint("GET", "/admin/audit/report", compliance, takes="nothing", open_to="admin"),
)
