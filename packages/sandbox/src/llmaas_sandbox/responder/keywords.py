"""Keywords of a JSON schema that constrain one value."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor
from typing import Any

Schema = Mapping[str, Any]


def infer_type(schema: Schema) -> str:
    """Return the type of a schema, inferred if it is not declared."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "null")
    if kind in ("string", "boolean", "number", "integer", "null", "array", "object"):
        return str(kind)
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema else "string"


def drop_keywords(schema: Schema, *keys: str) -> dict[str, object]:
    """Return a schema without some keywords."""
    return {k: v for k, v in schema.items() if k not in keys}


def is_number(value: Any) -> bool:
    """Whether a value is a number and not a boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def merge_schemas(left: Schema, right: Schema) -> dict[str, object]:
    """Merge two schemas into one that requires both."""
    merged = {**left, **right}
    if left.get("properties") and right.get("properties"):
        merged["properties"] = {**left["properties"], **right["properties"]}
    if left.get("required") and right.get("required"):
        merged["required"] = [*left["required"], *right["required"]]
    return merged


def clamp(value: float, schema: Schema, whole: bool) -> float:
    """Return the nearest number within the bounds and step of a schema."""
    step = float(schema.get("multipleOf") or (1 if whole else 0))
    low, high = schema.get("minimum"), schema.get("maximum")
    nudge = step or 1e-6
    if isinstance(schema.get("exclusiveMinimum"), int | float):
        low = max(schema["exclusiveMinimum"] + nudge, low if low is not None else float("-inf"))
    if isinstance(schema.get("exclusiveMaximum"), int | float):
        high = min(schema["exclusiveMaximum"] - nudge, high if high is not None else float("inf"))
    if low is not None and value < low:
        value = ceil(low / step) * step if step else low
    if high is not None and value > high:
        value = floor(high / step) * step if step else high
    return round(value / step) * step if step else value
