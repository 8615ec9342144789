"""Shapes of answers: names and types, never values."""

from __future__ import annotations

from typing import Any

from llmaas_cli.probe.exchange import Exchange

_DEPTH, _NAMES = 5, 24
"""Levels and names of an object that are shown."""


def describe_shape(exchange: Exchange) -> str:
    """Describe the body of an answer."""
    kind = exchange.response.headers.get("content-type", "").partition(";")[0]
    if exchange.is_stream:
        done = ", [DONE]" if b"[DONE]" in exchange.data else ""
        shapes = list(dict.fromkeys(shape(event) for event in exchange.events))
        return f"{len(exchange.events)} events{done}: " + " | ".join(shapes[:4])
    if exchange.json is not None:
        return shape(exchange.json)
    return f"{len(exchange.response.body)} bytes of {kind or 'an unknown type'}"


def shape(value: Any, depth: int = 0) -> str:
    """Describe the names and types of a JSON value."""
    if isinstance(value, dict):
        if depth == _DEPTH:
            return "{...}"
        names = list(value)[:_NAMES]
        inner = ", ".join(f"{str(name)[:40]}: {shape(value[name], depth + 1)}" for name in names)
        return "{" + inner + (", ..." if len(value) > _NAMES else "") + "}"
    if isinstance(value, list):
        return f"[{len(value)} x {shape(value[0], depth + 1)}]" if value else "[]"
    names_of_types = {bool: "bool", int: "int", float: "number", str: "text", type(None): "null"}
    return names_of_types.get(type(value), "?")
