"""Endpoint of the platform status, with and without a model."""

from __future__ import annotations

from datetime import UTC, datetime

from llmaas_sandbox.catalog import live_models, resolve
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.reply import Reply


def platform_status(exchange: Exchange) -> Reply:
    """Return the status of the platform, or the probe of one model."""
    name = exchange.query.get("model")
    return Reply(_probe(exchange, name) if name else _platform(exchange))


def _platform(exchange: Exchange) -> dict[str, object]:
    fleet, models = exchange.state.fleet, live_models()
    failed = [m.id for m in models if not fleet.free_for(m)]
    status = "outage" if failed else "degraded" if fleet.down else "operational"
    now = datetime.fromtimestamp(exchange.state.clock.now(), UTC)
    return {
        "status": status,
        "message": f"{fleet.down} of {len(fleet.machines)} machines take no work",
        "updated_at": now.isoformat(timespec="seconds"),
        "stats": {"operational_models": len(models) - len(failed), "total_models": len(models)},
        "failed_models": failed,
    }


def _probe(exchange: Exchange, name: str) -> dict[str, object]:
    model = resolve(name)
    if model is None:
        return {"ok": False, "model": name, "http_status": 404}
    if not exchange.state.fleet.free_for(model):
        return {"ok": False, "model": model.id, "http_status": 503}
    speed = model.tokens_per_second
    result = {"ok": True, "model": model.id, "http_status": 200, "ttfb_ms": int(10_000 / speed)}
    return {**result, "tokens_per_sec": speed, "usage": {"total_tokens": 24}}


ENDPOINTS = (
    Endpoint(
        "GET", "/api/platform-status", platform_status, "nothing", open_to="everyone", audited=False
    ),
)
