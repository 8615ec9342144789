"""Endpoint that lists model lifecycles."""

from __future__ import annotations

from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.lifecycle.phases import build_table
from llmaas_sandbox.reply import Reply


def lifecycle(exchange: Exchange) -> Reply:
    """List every model with its current phase."""
    return Reply({"data": build_table(exchange.state.clock.now())})


ENDPOINTS = (
    Endpoint("GET", "/lifecycle", lifecycle, takes="nothing", open_to="everyone", audited=False),
)
