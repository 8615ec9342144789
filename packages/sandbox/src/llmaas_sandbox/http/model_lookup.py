"""Resolution of model names to serving models."""

from __future__ import annotations

from llmaas_sandbox.auth.permissions import check_model_permission
from llmaas_sandbox.catalog import TEST_MODEL_PREFIX, Model, resolve
from llmaas_sandbox.errors import bad_request, unknown_model
from llmaas_sandbox.faults.names import REASONING
from llmaas_sandbox.http.exchange import Exchange
from llmaas_sandbox.lifecycle.phases import resolve_supported

CHAT = frozenset(("chat", "vision", "code", "translation", "safety", "ocr"))


def resolve_model(exchange: Exchange, name: object, categories: frozenset[str]) -> Model:
    """Resolve the model; reject unknown (404), unsuitable (400) or forbidden ones (403)."""
    if not isinstance(name, str) or not name:
        raise bad_request("Missing required parameter: 'model'", "model")
    model = _find(name, exchange)
    if model is None:
        raise unknown_model(name)
    if model.category not in categories and not name.startswith(TEST_MODEL_PREFIX):
        raise bad_request(f"Model '{name}' does not support this endpoint", "model")
    check_model_permission(exchange.caller, model, name)
    exchange.model, exchange.requested = model, name
    if exchange.lease is None:
        exchange.lease = exchange.state.fleet.acquire(model, exchange.fingerprint)
    return model


def _find(name: str, exchange: Exchange) -> Model | None:
    if name.startswith(TEST_MODEL_PREFIX):
        return _build_test_model(name, exchange)
    if exchange.state.profile is not None:
        return exchange.state.profile.resolve(name)
    if exchange.state.config.strict_lifecycle:
        return resolve_supported(name, exchange.state.clock.now())
    return resolve(name)


def _build_test_model(name: str, exchange: Exchange) -> Model:
    reasons = exchange.faults.first(REASONING) is not None
    return Model(
        id=name,
        root=name,
        aliases=(name,),
        category="chat",
        reasoning=reasons,
        live=False,
        context=131_072,
        phase="production",
        end_of_support=None,
        successor=None,
        tokens_per_second=100,
        parameters=None,
    )
