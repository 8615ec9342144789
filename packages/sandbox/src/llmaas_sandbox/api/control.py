"""Endpoints that control a sandbox in another process than the test."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from llmaas_sandbox.clock import MAX_STEP
from llmaas_sandbox.errors import bad_request
from llmaas_sandbox.faults.parse import parse_faults
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.reply import Reply
from llmaas_sandbox.request_log import MAX_RECORDS, RequestRecord

_MAX_SHOWN_BYTES = 100_000
"""Bytes of a body that is shown."""


def _single_process(handler: Callable[[Exchange], Reply]) -> Callable[[Exchange], Reply]:
    """Reject (409) changes that would reach only one of several processes."""

    def guarded(exchange: Exchange) -> Reply:
        if exchange.state.config.workers > 1:
            text = "Several processes answer here; start the sandbox without --workers"
            raise bad_request(text, status=409)
        return handler(exchange)

    guarded.__doc__ = handler.__doc__
    return guarded


def script(exchange: Exchange) -> Reply:
    """Queue scripted responses; bytes are written as ``{"base64": "..."}``."""
    steps = exchange.body.get("steps")
    if not isinstance(steps, list) or not all(isinstance(s, dict) for s in steps):
        raise bad_request("Invalid parameter 'steps': must be an array of objects", "steps")
    try:
        exchange.state.scripted_responses.extend([_decode(step) for step in steps])
    except (TypeError, ValueError) as problem:  # TypeError: the base64 value is not a string
        raise bad_request(str(problem), "steps") from None
    return Reply({"pending_steps": len(exchange.state.scripted_responses)})


def _decode(value: object) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"base64"}:
            return base64.b64decode(value["base64"], validate=True)
        return {k: _decode(v) for k, v in value.items()}
    return [_decode(v) for v in value] if isinstance(value, list) else value


def requests(exchange: Exchange) -> Reply:
    """List the last requests; ``limit`` defaults to 100, bodies over 100,000 bytes are omitted."""
    text = exchange.query.get("limit", "100")
    if not text.isdigit() or not 1 <= int(text[:9]) <= MAX_RECORDS:
        raise bad_request(f"Invalid parameter 'limit': 1 to {MAX_RECORDS}", "limit")
    log = exchange.state.request_log
    return Reply({"data": [_to_json(r) for r in log[-int(text) :]], "total": len(log)})


def _to_json(record: RequestRecord) -> dict[str, object]:
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
    shown = {name: getattr(record, name) for name in plain}
    shown["json"] = record.json if len(record.body) <= _MAX_SHOWN_BYTES else None
    return {**shown, "headers": dict(record.headers), "faults": list(record.faults)}


def faults(exchange: Exchange) -> Reply:
    """Set the faults of all later requests; an empty string clears them."""
    text = exchange.body.get("faults")
    if not isinstance(text, str):
        raise bad_request("Invalid parameter 'faults': must be a string", "faults")
    exchange.state.default_faults = parse_faults(text)
    return Reply({"faults": [f.text for f in exchange.state.default_faults]})


def clock(exchange: Exchange) -> Reply:
    """Advance the clock by ``advance`` seconds."""
    seconds: Any = exchange.body.get("advance")
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not 0 <= seconds <= MAX_STEP:
        words = f"Invalid parameter 'advance': 0 to {MAX_STEP} seconds"
        raise bad_request(words, "advance")
    exchange.state.clock.advance(float(seconds))
    return Reply({"now": exchange.state.clock.now()})


def reset(exchange: Exchange) -> Reply:
    """Clear the request log, scripted responses, attempts, usage and clock offset."""
    exchange.state.reset()
    return Reply({"reset": True})


ENDPOINTS = (
    Endpoint("POST", "/admin/script", _single_process(script), open_to="admin"),
    Endpoint("GET", "/admin/requests", requests, takes="nothing", open_to="admin"),
    Endpoint("PUT", "/admin/faults", _single_process(faults), open_to="admin"),
    Endpoint("POST", "/admin/clock", _single_process(clock), open_to="admin"),
    Endpoint("POST", "/admin/reset", _single_process(reset), takes="nothing", open_to="admin"),
)
