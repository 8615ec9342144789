"""Administration endpoints for API keys; a key may also rotate itself."""

from __future__ import annotations

from typing import Any

from llmaas_sandbox.auth.key_store import GRACE_SECONDS, NotRotatableError
from llmaas_sandbox.auth.keys import Key
from llmaas_sandbox.auth.permissions import SELF
from llmaas_sandbox.errors import bad_request, forbidden, not_found
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.limits.tiers import TIERS
from llmaas_sandbox.reply import Reply

PATH = "/admin/keys"


def create(exchange: Exchange) -> Reply:
    """Create a key; only this response contains its secret."""
    settings = _settings(exchange.body)
    try:
        key, secret = exchange.state.keys.make(**settings)
    except ValueError as wrong:
        raise bad_request(str(wrong), str(wrong).partition(" ")[0]) from None
    return Reply({**key.to_dict(), "key": secret}, status=201)


def _settings(body: dict[str, Any]) -> dict[str, Any]:
    kinds = {
        "tenant": str,
        "label": str,
        "models": list,
        "tier": str,
        "hourly_tokens": int,
        "rotate_every": (int, float),
    }
    unknown = set(body) - set(kinds)
    if unknown:
        raise bad_request(f"Unknown parameter '{sorted(unknown)[0]}'", sorted(unknown)[0])
    for name, value in body.items():
        if not isinstance(value, kinds[name]) or isinstance(value, bool):  # type: ignore[arg-type]
            raise bad_request(f"Invalid parameter '{name}'", name)
    if body.get("tier", "monthly") not in TIERS:
        raise bad_request(f"Invalid parameter 'tier': one of {', '.join(TIERS)}", "tier")
    if not all(isinstance(m, str) for m in body.get("models", ())):
        raise bad_request("Invalid parameter 'models': must be strings", "models")
    return {"tenant": "default", **body}


def listing(exchange: Exchange) -> Reply:
    """List keys, optionally of one tenant."""
    keys = exchange.state.keys.list_keys(exchange.query.get("tenant"))
    return Reply({"object": "list", "data": [k.to_dict() for k in keys]})


def _key(exchange: Exchange) -> Key:
    """Return the key named in the path; ``self`` is the caller's own key."""
    name = exchange.path_params["key_id"]
    if name == SELF:
        if exchange.caller is None:
            raise forbidden("Only a key can speak of itself")
        return exchange.caller
    key = exchange.state.keys.get(name)
    if not exchange.is_admin:
        raise forbidden("Only the administrator may do that")
    if key is None:
        raise not_found("Key not found")
    return key


def revoke(exchange: Exchange) -> Reply:
    """Revoke a key immediately."""
    return Reply(exchange.state.keys.revoke(_key(exchange).id).to_dict())


def rotate(exchange: Exchange) -> Reply:
    """Rotate a key; the old key works until the grace period ends (seconds)."""
    body = exchange.parsed if isinstance(exchange.parsed, dict) else {}
    grace = body.get("grace", GRACE_SECONDS)
    if not isinstance(grace, int | float) or isinstance(grace, bool):
        raise bad_request("Invalid parameter 'grace': seconds", "grace")
    try:
        new, secret = exchange.state.keys.rotate(_key(exchange).id, grace)
    except NotRotatableError as wrong:
        raise bad_request(str(wrong), status=409) from None
    except ValueError as wrong:
        raise bad_request(str(wrong), "grace") from None
    return Reply({**new.to_dict(), "key": secret}, status=201)


def successor(exchange: Exchange) -> Reply:
    """Return the key that automatic rotation created; available once (404 afterwards)."""
    found = exchange.state.keys.collect_successor(_key(exchange).id)
    if found is None:
        raise not_found("No successor is waiting")
    key, secret = found
    return Reply({**key.to_dict(), "key": secret})


ENDPOINTS = (
    Endpoint("POST", PATH, create, open_to="admin"),
    Endpoint("GET", PATH, listing, takes="nothing", open_to="admin"),
    Endpoint("DELETE", PATH + "/{key_id}", revoke, takes="nothing", open_to="both"),
    Endpoint("POST", PATH + "/{key_id}/rotate", rotate, takes="nothing", open_to="both"),
    Endpoint("GET", PATH + "/{key_id}/successor", successor, takes="nothing", open_to="both"),
)
