"""The public page of lifecycles, as data."""

from __future__ import annotations

from llmaas_sandbox.gateway.exchange import Endpoint, Exchange, Reply
from llmaas_sandbox.lifecycle.phases import table


def lifecycle(exchange: Exchange) -> Reply:
    """List every model with its phase now."""
    return Reply({"data": table(exchange.state.clock.now())})


ENDPOINTS = (
    Endpoint("GET", "/lifecycle", lifecycle, takes="nothing", open_to="everyone", audited=False),
)
