"""Paths for whoever runs the sandbox in another process than the test."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from llmaas_sandbox.clock import MAX_STEP
from llmaas_sandbox.errors import bad_request
from llmaas_sandbox.faults.parse import parse
from llmaas_sandbox.gateway.exchange import Endpoint, Exchange, Reply
from llmaas_sandbox.gateway.journal import MAX_RECORDS, Recorded

_SHOWN = 100_000
"""Bytes of a body that is shown."""


def _one_process(handler: Callable[[Exchange], Reply]) -> Callable[[Exchange], Reply]:
    """Refuse (409) what would only change one of several processes."""

    def guarded(exchange: Exchange) -> Reply:
        if exchange.state.config.workers > 1:
            text = "Several processes answer here; start the sandbox without --workers"
            raise bad_request(text, status=409)
        return handler(exchange)

    guarded.__doc__ = handler.__doc__
    return guarded


def script(exchange: Exchange) -> Reply:
    """Queue scripted answers; bytes are written ``{"base64": "..."}``."""
    steps = exchange.body.get("steps")
    if not isinstance(steps, list) or not all(isinstance(s, dict) for s in steps):
        raise bad_request("Invalid parameter 'steps': must be an array of objects", "steps")
    try:
        exchange.state.scripts.extend([_decoded(step) for step in steps])
    except (TypeError, ValueError) as problem:  # TypeError: base64 of what is no text
        raise bad_request(str(problem), "steps") from None
    return Reply({"pending_steps": len(exchange.state.scripts)})


def _decoded(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"base64"}:
            return base64.b64decode(value["base64"], validate=True)
        return {k: _decoded(v) for k, v in value.items()}
    return [_decoded(v) for v in value] if isinstance(value, list) else value


def requests(exchange: Exchange) -> Reply:
    """Show the last requests: ``limit`` (100), bodies beyond 100,000 bytes left out."""
    text = exchange.query.get("limit", "100")
    if not text.isdigit() or not 1 <= int(text[:9]) <= MAX_RECORDS:
        raise bad_request(f"Invalid parameter 'limit': 1 to {MAX_RECORDS}", "limit")
    journal = exchange.state.journal
    return Reply({"data": [_told(r) for r in journal[-int(text) :]], "total": len(journal)})


def _told(record: Recorded) -> dict[str, Any]:
    plain = (
        "method",
        "path",
        "query",
        "key_id",
        "status",
        "request_id",
        "disconnected",
        "finished",
    )
    told = {name: getattr(record, name) for name in plain}
    told["json"] = record.json if len(record.body) <= _SHOWN else None
    return {**told, "headers": dict(record.headers), "faults": list(record.faults)}


def faults(exchange: Exchange) -> Reply:
    """Set the faults of every request to come; an empty text ends them."""
    text = exchange.body.get("faults")
    if not isinstance(text, str):
        raise bad_request("Invalid parameter 'faults': must be a string", "faults")
    exchange.state.always = parse(text)
    return Reply({"faults": [f.text for f in exchange.state.always]})


def clock(exchange: Exchange) -> Reply:
    """Push the clock forward by ``advance`` seconds."""
    seconds: Any = exchange.body.get("advance")
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 <= seconds <= MAX_STEP:
        words = f"Invalid parameter 'advance': 0 to {MAX_STEP} seconds"
        raise bad_request(words, "advance")
    exchange.state.clock.advance(float(seconds))
    return Reply({"now": exchange.state.clock.now()})


def reset(exchange: Exchange) -> Reply:
    """Forget journal, scripts, attempts, usage and skipped time."""
    exchange.state.reset()
    return Reply({"reset": True})


ENDPOINTS = (
    Endpoint("POST", "/admin/script", _one_process(script), open_to="admin"),
    Endpoint("GET", "/admin/requests", requests, takes="nothing", open_to="admin"),
    Endpoint("PUT", "/admin/faults", _one_process(faults), open_to="admin"),
    Endpoint("POST", "/admin/clock", _one_process(clock), open_to="admin"),
    Endpoint("POST", "/admin/reset", _one_process(reset), takes="nothing", open_to="admin"),
)
