"""JSON schemas of tools and answers, as the service takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas.output_types import output_type
from llmaas.wire.schema import inline_definitions, strict_schema, wire_name

__all__ = ["inline_definitions", "mark_strict", "output_type", "strict_schema", "wire_name"]

_NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}}


def mark_strict(function: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function's definition with ``strict`` set, if strict mode takes its parameters.

    Strict mode has no maps, for example: such a function is returned as it is.
    """
    closed = strict_schema(function.get("parameters") or _NO_PARAMETERS, require_all=True)
    if closed is None:
        return dict(function)
    return {**function, "strict": True, "parameters": closed}
