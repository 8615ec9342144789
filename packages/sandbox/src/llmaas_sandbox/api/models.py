"""Model list in the format observed on the live service."""

from __future__ import annotations

from typing import Any

from llmaas_sandbox.auth.permissions import model_names
from llmaas_sandbox.catalog import Model, live_models, redirects
from llmaas_sandbox.engines import fields
from llmaas_sandbox.http.exchange import Endpoint, Exchange
from llmaas_sandbox.reply import Reply


def listing(exchange: Exchange) -> Reply:
    """List the live models that the key may use; ``created`` is the current time."""
    now = int(exchange.state.clock.now())
    profile, caller = exchange.state.profile, exchange.caller
    is_measured = profile is not None and profile.models
    moved = {} if is_measured else redirects()
    models = profile.models.values() if profile is not None and is_measured else live_models()
    seen = (m for m in models if caller is None or caller.may_use(model_names(m)))
    data = [entry(model, now, moved) for model in seen]
    return Reply(fields.to_engine_models({"object": "list", "data": data}, exchange.faults))


def entry(model: Model, now: int, moved: Any) -> dict[str, Any]:
    """Build one entry; its aliases include the names redirected to it."""
    names = {model.id, *model.aliases} | {name for name, to in moved.items() if to == model.id}
    return {
        "id": model.id,
        "object": "model",
        "created": now,
        "owned_by": "CloudTemple",
        "root": model.root,
        "aliases": sorted(names),
        "parent": None,
        "max_model_len": model.context,
        "permission": [_permission(model.id, now)],
    }


def _permission(name: str, now: int) -> dict[str, object]:
    return {
        "id": f"modelperm-{name}-{now}",
        "object": "model_permission",
        "created": now,
        "allow_create_engine": False,
        "allow_sampling": True,
        "allow_logprobs": True,
        "allow_search_indices": False,
        "allow_view": True,
        "allow_fine_tuning": False,
        "organization": "*",
        "group": None,
        "is_blocking": False,
    }


ENDPOINTS = (Endpoint("GET", "/v1/models", listing, takes="nothing"),)
