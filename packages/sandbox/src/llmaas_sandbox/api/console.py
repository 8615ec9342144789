"""Endpoints of the console; a key sees the data of its tenant, the administrator all."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from llmaas_sandbox.console.stats import collect_stats
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.reply import Reply

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@cache
def _page() -> bytes:
    return files("llmaas_sandbox.console").joinpath("page.html").read_bytes()


def page(exchange: Exchange) -> Reply:
    """Send the console page, which prompts for a key."""
    headers = {"content-security-policy": _POLICY, "x-content-type-options": "nosniff"}
    return Reply(media=_page(), content_type="text/html; charset=utf-8", headers=headers)


def data(exchange: Exchange) -> Reply:
    """Send the statistics that the caller may see."""
    tenant = None if exchange.is_admin or exchange.caller is None else exchange.caller.tenant
    return Reply(collect_stats(exchange.state, tenant), headers={"cache-control": "no-store"})


ENDPOINTS = (
    Endpoint("GET", "/console", page, takes="nothing", open_to="everyone", audited=False),
    Endpoint("GET", "/console/data", data, takes="nothing", open_to="both", audited=False),
)
