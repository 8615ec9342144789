"""Administration endpoints of the simulated machines."""

from __future__ import annotations

from dataclasses import asdict

from llmaas_sandbox.errors import bad_request, not_found
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.reply import Reply

_HEALTH = ("healthy", "draining", "dead")


def listing(exchange: Exchange) -> Reply:
    """List the machines."""
    return Reply({"data": [asdict(m) for m in exchange.state.fleet.machines.values()]})


def change(exchange: Exchange) -> Reply:
    """Set a machine's health."""
    name, health = exchange.path_params["name"], exchange.body.get("health")
    if name not in exchange.state.fleet.machines:
        raise not_found("Machine not found")
    if health not in _HEALTH:
        raise bad_request(f"Invalid parameter 'health': one of {', '.join(_HEALTH)}", "health")
    machine = exchange.state.fleet.set_health(name, health)
    exchange.state.alerts.evaluate()
    return Reply(asdict(machine))


ENDPOINTS = (
    Endpoint("GET", "/admin/machines", listing, takes="nothing", open_to="admin"),
    Endpoint("PUT", "/admin/machines/{name}", change, open_to="admin"),
)
