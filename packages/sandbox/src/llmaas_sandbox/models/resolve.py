"""From the name in a request to the model that serves it."""

from __future__ import annotations

from typing import Any

from llmaas_sandbox.catalogue import PERSONA_PREFIX, Model, resolve
from llmaas_sandbox.errors import bad_request, unknown_model
from llmaas_sandbox.faults.names import REASONING
from llmaas_sandbox.gateway.exchange import Exchange

CHAT = frozenset(("chat", "vision", "code", "translation", "safety", "ocr"))


def model_of(exchange: Exchange, name: Any, categories: frozenset[str]) -> Model:
    """Return the serving model; refuse an unknown one (404) or the wrong kind (400)."""
    if not isinstance(name, str) or not name:
        raise bad_request("Missing required parameter: 'model'", "model")
    model = _persona(name, exchange) if name.startswith(PERSONA_PREFIX) else resolve(name)
    if model is None:
        raise unknown_model(name)
    if model.category not in categories and not name.startswith(PERSONA_PREFIX):
        raise bad_request(f"Model '{name}' does not support this endpoint", "model")
    exchange.model = model
    exchange.backend = backend_of(model)
    return model


def _persona(name: str, exchange: Exchange) -> Model:
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


def backend_of(model: Model) -> dict[str, str]:
    """Name the engine and a machine for a model."""
    number = sum(model.id.encode()) % 4 + 1
    engine = "mlx" if "mlx" in model.root else "engo" if ":" in model.root else "vllm"
    return {"engine_type": engine, "machine_name": f"sandbox-{number:02d}"}
