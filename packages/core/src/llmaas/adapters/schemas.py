"""JSON schemas of tools and answers for the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmaas.output_types import output_type
from llmaas.wire.schema import inline_definitions, strict_schema, wire_name

__all__ = ["inline_definitions", "mark_strict", "output_type", "strict_schema", "wire_name"]

_NO_PARAMETERS: Mapping[str, object] = {"type": "object", "properties": {}}


def mark_strict(function: Mapping[str, Any]) -> dict[str, object]:
    """Set ``strict`` in a function's definition if strict mode supports its parameters.

    Otherwise (strict mode does not support maps, for example) the definition is unchanged.
    """
    closed = strict_schema(function.get("parameters") or _NO_PARAMETERS, require_all=True)
    if closed is None:
        return dict(function)
    return {**function, "strict": True, "parameters": closed}
