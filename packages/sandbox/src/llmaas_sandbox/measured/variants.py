"""Response variants of a measured service and of its models."""

from __future__ import annotations

from collections.abc import Mapping

from llmaas_sandbox.faults.names import ENGINES
from llmaas_sandbox.faults.parse import Fault

_REASONING = {
    "reasoning": "reasoning",
    "reasoning_content": "reasoning_content",
    "content": "think",
    "none": "no-reasoning",
}


def service_faults(facts: Mapping[str, object]) -> tuple[Fault, ...]:
    """Return the variants that the facts of a service stand for."""
    engine = find_engine(facts)
    names = dict.fromkeys(ENGINES.get(engine, ()))
    _set(names, "error-code-int", _equals(facts, "error_format", "integer_code"))
    _set(names, "unauthorized-string", _equals(facts, "key_error_type", "text"))
    _set(names, "no-backend", _negate(facts.get("adds_backend")))
    _set(names, "usage-on-request", _negate(facts.get("usage_without_options")))
    if facts.get("usage_with_options") is False:
        _set(names, "usage-none", not facts.get("usage_without_options"))
    faults = tuple(Fault(name) for name in names)
    has_gateway = facts.get("adds_backend") or facts.get("rate_limit_headers")
    return (*faults, Fault("engine", (engine,))) if engine and not has_gateway else faults


def find_engine(facts: Mapping[str, object]) -> str:
    """Return the emulated engine that the profile names, or an empty string."""
    name = str(facts.get("engine") or "").lower()
    return next((engine for engine in ENGINES if engine in name), "")


def model_faults(facts: Mapping[str, object]) -> tuple[Fault, ...]:
    """Return the variants that the facts of a model stand for."""
    variant = _REASONING.get(str(facts.get("reasoning_field")))
    return (Fault(variant),) if variant else ()


def _set(names: dict[str, None], name: str, requested: bool | None) -> None:
    """Add or remove a variant; None leaves what the engine has."""
    if requested:
        names[name] = None
    elif requested is False:
        names.pop(name, None)


def _negate(value: object) -> bool | None:
    return None if value is None else not value


def _equals(facts: Mapping[str, object], name: str, value: str) -> bool | None:
    return None if facts.get(name) is None else facts[name] == value
